// The links of the network on one canvas: width is size, colour is sign, and negative links are dashed, so that sign
// is never told by colour alone.

import type { Theme } from '../look/themes';

export interface LinkPath {
    readonly layer: number;
    readonly from: number;
    readonly unit: number;
    /** How many links the unit has. */
    readonly of: number;
    readonly x0: number;
    readonly y0: number;
    readonly x1: number;
    readonly y1: number;
}

export const linkWidth = (weight: number) => (Number.isFinite(weight) ? Math.min(11, 1 + 2.4 * Math.abs(weight)) : 1);

export interface LinkLook {
    readonly theme: Theme;
    /** Where along the link its sign stands, if it does; links that meet spread theirs. */
    readonly glyph: (path: LinkPath) => number | undefined;
    readonly chosen: (path: LinkPath) => boolean;
}

export function drawLinks(
    context: CanvasRenderingContext2D,
    paths: readonly LinkPath[],
    weightOf: (path: LinkPath) => number,
    look: LinkLook,
): void {
    context.lineCap = 'butt';
    for (const path of paths) {
        if (!look.chosen(path)) drawLink(context, path, weightOf(path), look, false);
    }
    for (const path of paths) {
        if (look.chosen(path)) drawLink(context, path, weightOf(path), look, true);
    }
}

function drawLink(
    context: CanvasRenderingContext2D,
    path: LinkPath,
    weight: number,
    look: LinkLook,
    chosen: boolean,
): void {
    const { theme } = look;
    const bend = (path.x1 - path.x0) * 0.5;
    const trace = () => {
        context.beginPath();
        context.moveTo(path.x0, path.y0);
        context.bezierCurveTo(path.x0 + bend, path.y0, path.x1 - bend, path.y1, path.x1, path.y1);
    };
    const width = linkWidth(weight);
    if (chosen) {
        trace();
        context.setLineDash([]);
        context.strokeStyle = theme.ink;
        context.lineWidth = width + 5;
        context.stroke();
        context.strokeStyle = theme.panel;
        context.lineWidth = width + 2;
        context.stroke();
    }
    trace();
    context.setLineDash(weight < 0 ? [6, 3] : []);
    context.strokeStyle = weight < 0 ? theme.negativeInk : weight > 0 ? theme.positiveInk : theme.edge;
    context.lineWidth = width;
    context.stroke();
    context.setLineDash([]);
    const place = look.glyph(path) ?? (chosen ? 0.7 : undefined);
    if (place !== undefined) {
        const [x, y] = along(path, place);
        context.fillStyle = theme.panel;
        context.beginPath();
        context.arc(x, y, 6, 0, 2 * Math.PI);
        context.fill();
        context.strokeStyle = weight < 0 ? theme.negativeInk : theme.positiveInk;
        context.lineWidth = 1.75;
        context.beginPath();
        context.moveTo(x - 3.5, y);
        context.lineTo(x + 3.5, y);
        if (weight >= 0) {
            context.moveTo(x, y - 3.5);
            context.lineTo(x, y + 3.5);
        }
        context.stroke();
    }
}

/** The point of a link at share t of its curve. */
export function along(path: LinkPath, t: number): readonly [number, number] {
    const bend = (path.x1 - path.x0) * 0.5;
    const [a, b, c, d] = [(1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t * t * (1 - t), t ** 3];
    return [
        a * path.x0 + b * (path.x0 + bend) + c * (path.x1 - bend) + d * path.x1,
        (a + b) * path.y0 + (c + d) * path.y1,
    ];
}

/** The link nearest to a place, if one is within reach (12 px: a target of 24). */
export function nearestLink(paths: readonly LinkPath[], x: number, y: number): LinkPath | undefined {
    let best: LinkPath | undefined;
    let least = 12 ** 2;
    for (const path of paths) {
        if (x < path.x0 - 4 || x > path.x1 + 4) continue;
        for (let k = 0; k <= 24; k++) {
            const [px, py] = along(path, k / 24);
            const distance = (px - x) ** 2 + (py - y) ** 2;
            if (distance < least) {
                least = distance;
                best = path;
            }
        }
    }
    return best;
}
