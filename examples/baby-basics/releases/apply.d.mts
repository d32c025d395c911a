export declare function materialise(
  target: string,
  name?: string,
  options?: { over?: string; git?: boolean; branch?: string },
): { name: string; version: string; commit: string | undefined }
