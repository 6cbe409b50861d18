/** Packs a rescue into few codes: records of one shift repeat themselves, so they shrink well. */

export async function packed(text: string): Promise<Uint8Array> {
  return through(new Blob([text]), new CompressionStream("deflate")).then((buffer) => new Uint8Array(buffer));
}

export async function unpacked(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  return new TextDecoder().decode(await through(new Blob([bytes]), new DecompressionStream("deflate")));
}

function through(blob: Blob, stream: CompressionStream | DecompressionStream): Promise<ArrayBuffer> {
  return new Response(blob.stream().pipeThrough(stream)).arrayBuffer();
}
