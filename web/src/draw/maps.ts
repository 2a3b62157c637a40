// Heat maps from bytes: 128 is zero, 0 and 255 the ends of the scale that comes with the map. Row 0 is the top of the
// picture, as on the page, so a small map and the large one are never upside down to each other.

/**
 * Paints a map into a canvas of its own size; CSS scales it. The sign's border is drawn in ink: the visible zero
 * line.
 */
export class MapPainter {
    private readonly context: CanvasRenderingContext2D;
    private image: ImageData | undefined;

    constructor(readonly canvas: HTMLCanvasElement) {
        this.context = canvas.getContext('2d', { alpha: false })!;
    }

    paint(bytes: Uint8Array, width: number, height: number, table: Uint32Array, zeroLine: number | undefined): void {
        const image = this.sized(width, height);
        const words = new Uint32Array(image.data.buffer);
        const count = width * height;
        for (let i = 0; i < count; i++) words[i] = table[bytes[i]!]!;
        if (zeroLine !== undefined) traceSign(bytes, width, height, words, zeroLine);
        this.context.putImageData(image, 0, 0);
    }

    /** Paints cells that have their colours already. */
    paintWords(words: Uint32Array, width: number, height: number): void {
        const image = this.sized(width, height);
        new Uint32Array(image.data.buffer).set(words);
        this.context.putImageData(image, 0, 0);
    }

    private sized(width: number, height: number): ImageData {
        if (this.image === undefined || this.image.width !== width || this.image.height !== height) {
            this.canvas.width = width;
            this.canvas.height = height;
            this.image = this.context.createImageData(width, height);
        }
        return this.image;
    }
}

function traceSign(bytes: Uint8Array, width: number, height: number, words: Uint32Array, ink: number): void {
    for (let y = 0; y < height; y++) {
        const row = y * width;
        for (let x = 0; x < width; x++) {
            const above = bytes[row + x]! > 128;
            const right = x + 1 < width && bytes[row + x + 1]! > 128 !== above;
            const below = y + 1 < height && bytes[row + width + x]! > 128 !== above;
            if (right || below) words[row + x] = ink;
        }
    }
}

/** Every n-th cell of a map both ways: a map that is also shown small keeps a zero line one pixel wide. */
export function thinned(
    bytes: Uint8Array,
    size: number,
    every: number,
): { readonly bytes: Uint8Array; readonly size: number } {
    if (every <= 1) return { bytes, size };
    const kept = Math.floor(size / every);
    const out = new Uint8Array(kept * kept);
    const start = every >> 1;
    for (let y = 0; y < kept; y++) {
        for (let x = 0; x < kept; x++) out[y * kept + x] = bytes[(start + y * every) * size + start + x * every]!;
    }
    return { bytes: out, size: kept };
}

/** Line segments x₀ y₀ x₁ y₁ … of the level in a byte grid, in grid units from pixel centres (marching squares). */
export function contour(bytes: Uint8Array, width: number, height: number, level: number): Float32Array {
    const out: number[] = [];
    const cut = (a: number, b: number) => (level - a) / (b - a);
    for (let y = 0; y + 1 < height; y++) {
        for (let x = 0; x + 1 < width; x++) {
            const i = y * width + x;
            const [a, b, c, d] = [bytes[i]!, bytes[i + 1]!, bytes[i + width + 1]!, bytes[i + width]!];
            const kind = (a > level ? 1 : 0) | (b > level ? 2 : 0) | (c > level ? 4 : 0) | (d > level ? 8 : 0);
            if (kind === 0 || kind === 15) continue;
            const top = () => [x + cut(a, b), y] as const;
            const right = () => [x + 1, y + cut(b, c)] as const;
            const bottom = () => [x + cut(d, c), y + 1] as const;
            const left = () => [x, y + cut(a, d)] as const;
            const segment = (p: readonly [number, number], q: readonly [number, number]) =>
                out.push(p[0], p[1], q[0], q[1]);
            switch (kind) {
                case 1:
                case 14:
                    segment(left(), top());
                    break;
                case 2:
                case 13:
                    segment(top(), right());
                    break;
                case 3:
                case 12:
                    segment(left(), right());
                    break;
                case 4:
                case 11:
                    segment(right(), bottom());
                    break;
                case 6:
                case 9:
                    segment(top(), bottom());
                    break;
                case 7:
                case 8:
                    segment(left(), bottom());
                    break;
                default: {
                    // A saddle: the middle decides which corners belong together.
                    const middle = (a + b + c + d) / 4 > level;
                    if ((kind === 5) === middle) {
                        segment(left(), bottom());
                        segment(top(), right());
                    } else {
                        segment(left(), top());
                        segment(right(), bottom());
                    }
                }
            }
        }
    }
    return Float32Array.from(out);
}
