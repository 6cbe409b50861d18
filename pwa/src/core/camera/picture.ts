/**
 * Pictures in grey, and what the reader does with one before it looks again: turns it, doubles it.
 * A point found in the changed picture is led back to where it lies in the first one.
 */
export interface Picture {
  width: number;
  height: number;
  /** One byte a pixel, row by row. */
  data: Uint8ClampedArray;
}

export interface Point {
  x: number;
  y: number;
}

export interface Changed {
  picture: Picture;
  /** From the changed picture to the first one. */
  back(point: Point): Point;
}

const PAPER = 255;

export function greyOf(rgba: Uint8ClampedArray, width: number, height: number): Picture {
  const data = new Uint8ClampedArray(width * height);
  for (let i = 0, j = 0; i < data.length; i += 1, j += 4) {
    data[i] = (306 * rgba[j]! + 601 * rgba[j + 1]! + 117 * rgba[j + 2]!) >> 10;
  }
  return { width, height, data };
}

/** Turned about its middle by so many degrees, as large as it needs to be; white beside it. */
export function turned({ width, height, data }: Picture, degrees: number): Changed {
  const [cos, sin] = [Math.cos((degrees * Math.PI) / 180), Math.sin((degrees * Math.PI) / 180)];
  const wide = Math.ceil(Math.abs(width * cos) + Math.abs(height * sin));
  const high = Math.ceil(Math.abs(width * sin) + Math.abs(height * cos));
  const [x0, y0] = [(width - 1) / 2 - (cos * (wide - 1)) / 2 - (sin * (high - 1)) / 2, (height - 1) / 2 + (sin * (wide - 1)) / 2 - (cos * (high - 1)) / 2];
  const out = new Uint8ClampedArray(wide * high).fill(PAPER);
  for (let row = 0; row < high; row += 1) {
    let [x, y] = [x0 + sin * row, y0 + cos * row];
    for (let i = row * wide; i < (row + 1) * wide; i += 1, x += cos, y -= sin) {
      if (x >= 0 && y >= 0 && x < width - 1 && y < height - 1) out[i] = between(data, width, x, y);
    }
  }
  return {
    picture: { width: wide, height: high, data: out },
    back: (point) => ({ x: x0 + cos * point.x + sin * point.y, y: y0 - sin * point.x + cos * point.y }),
  };
}

/** Twice as large: thin bars get room for their greys. */
export function doubled({ width, height, data }: Picture): Changed {
  const [wide, high] = [2 * width - 1, 2 * height - 1];
  const out = new Uint8ClampedArray(wide * high);
  for (let row = 0, i = 0; row < high; row += 1) {
    const above = (row >> 1) * width;
    const below = above + (row & 1) * width;
    for (let column = 0; column < wide; column += 1, i += 1) {
      const [left, right] = [column >> 1, (column >> 1) + (column & 1)];
      out[i] = (data[above + left]! + data[above + right]! + data[below + left]! + data[below + right]! + 2) >> 2;
    }
  }
  return { picture: { width: wide, height: high, data: out }, back: ({ x, y }) => ({ x: x / 2, y: y / 2 }) };
}

/** The part of it around its middle: so much of its width and height. */
export function middle({ width, height, data }: Picture, part: number): Changed {
  const [wide, high] = [Math.round(width * part), Math.round(height * part)];
  const [left, top] = [(width - wide) >> 1, (height - high) >> 1];
  const out = new Uint8ClampedArray(wide * high);
  for (let row = 0; row < high; row += 1) {
    const from = (row + top) * width + left;
    out.set(data.subarray(from, from + wide), row * wide);
  }
  return { picture: { width: wide, height: high, data: out }, back: ({ x, y }) => ({ x: x + left, y: y + top }) };
}

/**
 * For bars that stand upright: so many rows become one, which takes the grain out; then twice as
 * wide, and with `sharp` above 0 each pixel moves away from the mean beside it, against blur.
 */
export function squashed({ width, height, data }: Picture, rows: number, sharp: number, reach = 3): Changed {
  const [wide, high] = [2 * width - 1, Math.floor(height / rows)];
  const out = new Uint8ClampedArray(wide * high);
  const line = new Float32Array(width);
  for (let row = 0; row < high; row += 1) {
    line.fill(0);
    for (let i = row * rows * width, x = 0; i < (row + 1) * rows * width; i += 1) {
      line[x]! += data[i]! / rows;
      x = x + 1 === width ? 0 : x + 1;
    }
    const drawn = sharp > 0 ? sharpened(line, sharp, reach) : line;
    for (let x = 0, to = row * wide; x < width; x += 1, to += 2) {
      out[to] = drawn[x]!;
      if (x + 1 < width) out[to + 1] = (drawn[x]! + drawn[x + 1]!) / 2;
    }
  }
  return { picture: { width: wide, height: high, data: out }, back: ({ x, y }) => ({ x: x / 2, y: (y + 0.5) * rows - 0.5 }) };
}

function sharpened(line: Float32Array, sharp: number, reach: number): Float32Array {
  const sums = new Float32Array(line.length + 1);
  for (let x = 0; x < line.length; x += 1) sums[x + 1] = sums[x]! + line[x]!;
  return line.map((grey, x) => {
    const [from, to] = [Math.max(0, x - reach), Math.min(line.length, x + reach + 1)];
    return grey + sharp * (grey - (sums[to]! - sums[from]!) / (to - from));
  });
}

/** The grey between four pixels. */
function between(data: Uint8ClampedArray, width: number, x: number, y: number): number {
  const [left, top] = [x | 0, y | 0];
  const [right, down] = [x - left, y - top];
  const i = top * width + left;
  const above = data[i]! + right * (data[i + 1]! - data[i]!);
  const below = data[i + width]! + right * (data[i + width + 1]! - data[i + width]!);
  return above + down * (below - above);
}
