/** The answering side of an agreement, on the server that decides. */
export const agreeCommand = '__agree'
