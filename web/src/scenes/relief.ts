// The error surface as a relief in the box from −1 to 1: how high is how far up, and the shade says it too.

import { boxLines, type Part } from '../draw/solid';
import { mix, parseHex } from '../look/colour';
import { theme } from '../look/theme';
import type { Heights, Path } from './landscape';
import type { Frame } from './parts';

/** Heights with the way on them and the ball. What is cut off above is drawn at the top. */
export function relief(heights: Heights, frame: Frame, path: readonly Path[], at: Path | undefined): Part[] {
    const { values, size, low, high } = heights;
    const colours = theme.value;
    const share = (height: number) => (Number.isFinite(height) ? (height - low) / (high - low || 1) : 1);
    const up = (height: number) => -0.75 + 1.5 * Math.min(1, Math.max(0, share(height)));
    const place = (k: number) => -1 + (2 * k) / (size - 1);
    const [light, deep] = [parseHex(colours.zero), parseHex(colours.quiet)];
    const corners: number[] = [];
    const tints: number[] = [];
    const corner = (row: number, column: number) => {
        const height = values[row * size + column]!;
        corners.push(place(column), place(row), up(height));
        tints.push(...mix(light, deep, 0.85 * Math.sqrt(Math.min(1, Math.max(0, share(height))))));
    };
    for (let row = 0; row + 1 < size; row++)
        for (let column = 0; column + 1 < size; column++)
            for (const [r, c] of [[0, 0], [0, 1], [1, 1], [0, 0], [1, 1], [1, 0]] as const) corner(row + r, column + c); // prettier-ignore
    const inBox = (value: number, [from, to]: readonly [number, number]) => -1 + (2 * (value - from)) / (to - from);
    const spot = (p: Path) => [inBox(p.a, frame.x), inBox(p.b, frame.y), up(p.plane) + 0.02] as const;
    const shown = path.filter(p => Math.abs(inBox(p.a, frame.x)) <= 1 && Math.abs(inBox(p.b, frame.y)) <= 1);
    const way = shown.slice(1).flatMap((p, k) => [...spot(shown[k]!), ...spot(p)]);
    return [
        { kind: 'lines', corners: boxLines, colour: colours.edge },
        {
            kind: 'triangles',
            corners: Float32Array.from(corners),
            colours: Float32Array.from(tints),
            colour: colours.quiet,
        },
        { kind: 'lines', corners: Float32Array.from(way), colour: colours.positiveInk },
        {
            kind: 'rounds',
            corners: Float32Array.from(at !== undefined && shown.includes(at) ? spot(at) : []),
            colour: colours.positiveInk,
            size: 17,
        },
    ];
}
