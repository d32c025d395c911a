export declare function docker(...argv: string[]): Promise<string>
export declare function lines(text: string): string[]
