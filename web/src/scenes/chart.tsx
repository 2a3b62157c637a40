// Curves of one picture with a legend: each told apart by width and dashes, not by colour alone.

import './chart.css';
import { frameOf, pathOf, Plot, type Frame, type PlotProps, type Window } from './parts';

export interface Line {
    readonly name: string;
    /** "solid", "dashed", "dotted" or "thin". */
    readonly kind: LineKind;
    readonly xs: ArrayLike<number>;
    readonly ys: ArrayLike<number>;
}
export type LineKind = 'solid' | 'dashed' | 'dotted' | 'thin';
export const lineKinds: readonly LineKind[] = ['solid', 'dashed', 'dotted', 'thin'];

export function Lines({ lines, ...plot }: PlotProps & { readonly lines: readonly Line[] }) {
    return (
        <Plot {...plot}>
            {lines.map(line => (
                <path key={line.name} class={`line ${line.kind}`} d={pathOf(plot.frame, line.xs, line.ys)} />
            ))}
            {plot.children}
        </Plot>
    );
}

export function Legend({ lines }: { readonly lines: readonly { readonly name: string; readonly kind: LineKind }[] }) {
    return (
        <ul class="legend">
            {lines.map(line => (
                <li key={line.name}>
                    <svg viewBox="0 0 34 10" aria-hidden="true">
                        <path class={`line ${line.kind}`} d="M1 5H33" />
                    </svg>
                    {line.name}
                </li>
            ))}
        </ul>
    );
}

/** A window that holds the numbers: from 0 to a little above the largest (or to `most`). */
export function above(values: Iterable<number>, most = Infinity): readonly [number, number] {
    let top = 0;
    for (const value of values) if (Number.isFinite(value) && value > top) top = value;
    return [0, Math.min(most, top === 0 ? 1 : top * 1.06)];
}

export function lineFrame(window: Window, width = 620, height = 360): Frame {
    return frameOf(window, width, height);
}
