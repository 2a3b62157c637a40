// What two scenes on regions share: the cells of a plane with their borders, the table of cells, the trace of a point.

import { useEffect, useRef } from 'preact/hooks';
import { MapPainter } from '../draw/maps';
import { diverging, zeroInk } from '../look/theme';
import { points } from '../session';
import type { Reply } from '../protocol';
import { texts } from '../text';
import { percent, show } from '../text/numbers';
import { lower } from '../text/symbols';
import { Plot, windowStyle, type Frame, type PlotProps } from './parts';

export interface Cell {
    readonly on: string;
    readonly share: number;
    readonly at: readonly [number, number];
    readonly output: number | null;
    readonly next?: readonly number[];
    readonly ideal?: readonly number[] | null;
}

export interface TracedUnit {
    readonly terms: readonly { readonly weight: number; readonly input: number }[];
    readonly bias: number;
    readonly field: number;
    readonly output: number;
    readonly on: boolean;
}

export interface Regions extends Reply {
    readonly units: number;
    readonly axes: readonly [number, number];
    readonly domain: readonly [number, number, number, number];
    readonly lines: readonly (readonly [number, number, number])[] | null;
    readonly cells: readonly Cell[];
    readonly next: readonly {
        readonly kind: 'and' | 'or' | 'one' | 'constant' | 'threshold' | 'open';
        readonly text: string;
        readonly weights: readonly number[];
        readonly bias: number;
    }[];
    readonly trace?: {
        readonly at: readonly number[];
        readonly on: string;
        readonly layers: readonly (readonly TracedUnit[])[];
    };
}

const own = texts({
    cell: 'Units on',
    share: 'Share',
    output: 'z',
    field: 'Sum here',
    ideal: 'Sum, ideal',
    decides: 'says',
    blue: 'blue ▲',
    copper: 'copper ●',
    on: 'on',
    off: 'off',
});

export const decision = (output: number | null) => own((output ?? 0) >= 0 ? 'blue' : 'copper');

const MARGIN_OF_CELLS = 26;

/** Where the names stand: within the frame, and none over another; the cell in focus first, then the larger ones. */
function placeNames(cells: readonly Cell[], frame: Frame, focus: string | undefined) {
    const placed: { on: string; x: number; y: number }[] = [];
    const first = [...cells].sort((a, b) => Number(b.on === focus) - Number(a.on === focus) || b.share - a.share);
    for (const { on, at } of first) {
        const half = on.length * 4.6 + 2;
        const x = Math.min(frame.px(frame.x[1]) - half, Math.max(frame.px(frame.x[0]) + half, frame.px(at[0])));
        const y = frame.py(at[1]);
        const reach = (other: { readonly on: string }) => half + other.on.length * 4.6 + 2;
        if (placed.every(other => Math.abs(other.x - x) > reach(other) || Math.abs(other.y - y) > 16))
            placed.push({ on, x, y });
    }
    return placed;
}

/** The cells: the output's colour, borders where a unit changes, and in the larger ones which units are on. */
export function CellMap({
    reply,
    codes,
    map,
    focus,
    chosen,
    ...plot
}: PlotProps & {
    readonly reply: Regions;
    readonly codes: Int32Array;
    readonly map: Uint8Array;
    /** The cell to be lifted out of the others. */
    readonly focus?: string | undefined;
    /** One unit's line to be drawn strong. */
    readonly chosen?: number | undefined;
}) {
    const canvas = useRef<HTMLCanvasElement>(null);
    const [table, ink] = [diverging.value, zeroInk.value];
    const size = Math.sqrt(codes.length);
    useEffect(() => {
        if (canvas.current === null) return;
        const words = new Uint32Array(codes.length);
        for (let k = 0; k < codes.length; k++) {
            words[k] = table[map[k]!]!;
            const [column, row] = [k % size, Math.floor(k / size)];
            const right = column + 1 < size && codes[k + 1] !== codes[k];
            const below = row + 1 < size && codes[k + size] !== codes[k];
            if (reply.lines === null && (right || below)) words[k] = ink;
        }
        new MapPainter(canvas.current).paintWords(words, size, size);
    }, [codes, map, table, ink]);
    const { frame } = plot;
    const large = reply.cells.filter(cell => cell.share * frame.width * frame.height > MARGIN_OF_CELLS ** 2 * 2);
    return (
        <div class="map-plot">
            <canvas ref={canvas} class="map-picture cells-picture" aria-hidden="true" style={windowStyle(frame)} />
            <Plot {...plot}>
                {reply.lines?.map((line, unit) => (
                    <path
                        key={unit}
                        class={chosen === unit ? 'cell-line chosen' : 'cell-line'}
                        d={lineThrough(frame, line)}
                    />
                ))}
                {plot.children}
                {placeNames(large, frame, focus).map(({ on, x, y }) => (
                    <text
                        key={on}
                        class={focus === on ? 'cell-name focus' : 'cell-name'}
                        x={x}
                        y={y + 5}
                        text-anchor="middle"
                    >
                        {on}
                    </text>
                ))}
            </Plot>
        </div>
    );
}

/** The line a·x + b·y + c = 0 from one side of the window to the other and well beyond. */
function lineThrough(frame: Frame, [a, b, c]: readonly [number, number, number]): string {
    const size = Math.hypot(a, b);
    if (size === 0) return '';
    const [x, y] = [(-a * c) / size ** 2, (-b * c) / size ** 2];
    const far = 3 * (frame.x[1] - frame.x[0]) + Math.hypot(x, y);
    const [dx, dy] = [(-b / size) * far, (a / size) * far];
    return `M${frame.px(x - dx)} ${frame.py(y - dy)}L${frame.px(x + dx)} ${frame.py(y + dy)}`;
}

/** Training points of a plane: ▲ for blue, ● for copper. */
export function PlanePoints({ frame }: { readonly frame: Frame }) {
    const shown = points.value;
    if (shown === undefined) return null;
    return (
        <g class="cell-points" aria-hidden="true">
            {Array.from(shown.targets, (target, k) => {
                const [x, y] = [frame.px(shown.xy[2 * k]!), frame.py(shown.xy[2 * k + 1]!)];
                return target > 0 ? (
                    <path key={k} class="plus" d={`M${x} ${y - 4.6}L${x + 4} ${y + 3}H${x - 4}Z`} />
                ) : (
                    <circle key={k} class="minus" cx={x} cy={y} r={3.4} />
                );
            })}
        </g>
    );
}

/** Every cell, which units are on in it, and what the next layer's first unit makes of it. */
export function CellTable({
    reply,
    focus,
    onPick,
    testid,
}: {
    readonly reply: Regions;
    readonly focus?: string | undefined;
    readonly onPick: (cell: Cell) => void;
    readonly testid: string;
}) {
    const combined = reply.next.length > 0;
    const ideal = reply.cells.some(cell => cell.ideal != null);
    return (
        <div class="scroll-x scroll-y tall" tabIndex={0} role="region" aria-label={own('cell')}>
            <table class="batch-table cell-table" data-testid={testid}>
                <thead>
                    <tr>
                        <th scope="col">{own('cell')}</th>
                        <th scope="col">{own('share')}</th>
                        {combined && <th scope="col">{own('field')}</th>}
                        {combined && ideal && <th scope="col">{own('ideal')}</th>}
                        <th scope="col">{own('output')}</th>
                        <th scope="col">{own('decides')}</th>
                    </tr>
                </thead>
                <tbody>
                    {reply.cells.map(cell => (
                        <tr key={cell.on} class={focus === cell.on ? 'focus' : ''}>
                            <th scope="row">
                                <button
                                    type="button"
                                    class="linklike"
                                    data-testid={`${testid}-${cell.on}`}
                                    onClick={() => onPick(cell)}
                                >
                                    {cell.on}
                                </button>
                            </th>
                            <td>{percent(cell.share)}</td>
                            {combined && <td>{show(cell.next?.[0] ?? Number.NaN, 3)}</td>}
                            {combined && ideal && <td>{show(cell.ideal?.[0] ?? Number.NaN, 3)}</td>}
                            <td>{show(cell.output ?? Number.NaN, 3)}</td>
                            <td>{decision(cell.output)}</td>
                        </tr>
                    ))}
                </tbody>
            </table>
        </div>
    );
}

/** A point's way through the network, a line of arithmetic per unit. */
export function TraceLines({
    trace,
    testid,
}: {
    readonly trace: NonNullable<Regions['trace']>;
    readonly testid: string;
}) {
    // prettier-ignore
    return (
        <ol class="trace" data-testid={testid}>
            {trace.layers.flatMap((layer, l) =>
                layer.map((unit, k) => {
                    const last = l === trace.layers.length - 1;
                    const name = last ? `z${layer.length > 1 ? lower(k + 1) : ''}` : `y${lower(k + 1)}${'′'.repeat(l)}`;
                    return (
                        <li key={`${l}.${k}`} class={unit.on ? 'on' : ''}>
                            {name}: v = {unit.terms.map(term => `${show(term.weight, 3)}·${bracketed(term.input)}`).join(' + ')} +{' '}
                            {bracketed(unit.bias)} = <b>{show(unit.field, 3)}</b> {unit.field >= 0 ? '≥' : '<'} 0:{' '}
                            {last ? decision(unit.field) : own(unit.on ? 'on' : 'off')}, {name} = {show(unit.output, 3)}
                        </li>
                    );
                }),
            )}
        </ol>
    );
}

const bracketed = (value: number) => (value < 0 ? `(${show(value, 3)})` : show(value, 3));
