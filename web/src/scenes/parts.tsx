// What scenes are made of: a table behind every plot, a plot with handles, a heat map, a line of arithmetic.

import type { ComponentChildren } from 'preact';
import { useEffect, useId, useRef } from 'preact/hooks';
import { MapPainter } from '../draw/maps';
import { diverging } from '../look/theme';
import { t } from '../text';
import { brief, show } from '../text/numbers';

// ---------------------------------------------------------------- numbers

/** The numbers of a picture as a table: for who does not see the picture, and for who wants to check it. */
export function Numbers({
    columns,
    rows,
    testid,
    most = 200,
}: {
    readonly columns: readonly string[];
    readonly rows: readonly (readonly (string | number | null)[])[];
    readonly testid: string;
    readonly most?: number;
}) {
    const shown = rows.slice(0, most);
    return (
        <details class="numbers">
            <summary data-testid={`${testid}-open`}>{t('scene.numbers')}</summary>
            <div class="scroll-y tall scroll-x" tabIndex={0} role="region" aria-label={t('scene.numbers')}>
                <table data-testid={testid}>
                    <Heads columns={columns} />
                    <tbody>
                        {shown.map((row, k) => (
                            <tr key={k}>
                                {row.map((cell, c) => (
                                    <td key={c}>{typeof cell === 'number' ? show(cell) : (cell ?? '–')}</td>
                                ))}
                            </tr>
                        ))}
                    </tbody>
                </table>
                {shown.length < rows.length && (
                    <p class="note">{t('scene.first', { shown: shown.length, count: rows.length })}</p>
                )}
            </div>
        </details>
    );
}

/** The row of names above a table. */
export function Heads({ columns }: { readonly columns: readonly string[] }) {
    return (
        <thead>
            <tr>
                {columns.map(column => (
                    <th key={column} scope="col">
                        {column}
                    </th>
                ))}
            </tr>
        </thead>
    );
}

/** A number with its name, as large as it matters. */
export function Figure({
    name,
    children,
    testid,
}: {
    readonly name: ComponentChildren;
    readonly children: ComponentChildren;
    readonly testid: string;
}) {
    return (
        <div class="figure">
            <span class="figure-name">{name}</span>
            <span class="figure-value" data-testid={testid}>
                {children}
            </span>
        </div>
    );
}

/** A refusal of the engine in the place of what it would have shown. */
export function Refused({ text }: { readonly text: string }) {
    return text === '' ? null : (
        <p class="refused" role="alert" data-testid="scene-refused">
            {text}
        </p>
    );
}

/** A drawing whose words would be too small on a phone: there it is wider than the screen and scrolls. */
export function Wide({ label, children }: { readonly label: string; readonly children: ComponentChildren }) {
    return (
        <div class="wide" tabIndex={0} role="region" aria-label={label}>
            {children}
        </div>
    );
}

// ---------------------------------------------------------------- a plot

/** The window of a plot, in the units of its numbers. */
export interface Window {
    readonly x: readonly [number, number];
    readonly y: readonly [number, number];
}

export interface Frame extends Window {
    /** Of the numbers' units in the units of the drawing. */
    readonly px: (x: number) => number;
    readonly py: (y: number) => number;
    /** Back again. */
    readonly ux: (px: number) => number;
    readonly uy: (py: number) => number;
    readonly width: number;
    readonly height: number;
}

const MARGIN = { left: 44, right: 12, top: 12, bottom: 30 };

export function frameOf(window: Window, width: number, height: number, bare = false): Frame {
    const m = bare ? { left: 0, right: 0, top: 0, bottom: 0 } : MARGIN;
    const [w, h] = [width - m.left - m.right, height - m.top - m.bottom];
    const [x0, x1] = window.x;
    const [y0, y1] = window.y;
    return {
        ...window,
        width,
        height,
        px: x => m.left + ((x - x0) / (x1 - x0)) * w,
        py: y => m.top + h - ((y - y0) / (y1 - y0)) * h,
        ux: p => x0 + ((p - m.left) / w) * (x1 - x0),
        uy: p => y0 + ((m.top + h - p) / h) * (y1 - y0),
    };
}

/** Round places for ticks. */
export function ticks(low: number, high: number, about = 6): number[] {
    const raw = (high - low) / about;
    const power = 10 ** Math.floor(Math.log10(raw));
    const unit = [1, 2, 5, 10].map(k => k * power).find(k => k >= raw) ?? raw;
    const out: number[] = [];
    for (let k = Math.ceil(low / unit); k * unit <= high + unit * 1e-9; k++) out.push(k * unit);
    return out;
}

export interface PlotProps {
    readonly frame: Frame;
    readonly label: string;
    readonly x: string;
    readonly y: string;
    readonly testid: string;
    readonly children?: ComponentChildren;
    /** Drawn over the axes, not cut at the window: handles. */
    readonly above?: ComponentChildren;
    /** A click at a place. */
    readonly onPlace?: (x: number, y: number) => void;
    /** Ticks of one's own: where, and what they say. Of a logarithmic scale, for instance. */
    readonly scale?: { readonly x: readonly Tick[]; readonly y: readonly Tick[] };
}

export type Tick = readonly [at: number, text: string];

/** An SVG plot with axes. What is drawn into it comes as children and stays inside its window. */
export function Plot({ frame, label, x, y, testid, children, above, onPlace, scale }: PlotProps) {
    const round = (values: readonly number[]) => values.map((value): Tick => [value, tickText(value)]);
    const within =
        ([low, high]: readonly [number, number]) =>
        ([at]: Tick) =>
            at >= low && at <= high;
    const across = (scale?.x ?? round(ticks(...frame.x))).filter(within(frame.x));
    const up = (scale?.y ?? round(ticks(...frame.y, 5))).filter(within(frame.y));
    const clip = useId().replaceAll(':', '');
    const svg = useRef<SVGSVGElement>(null);
    const [left, right, top, bottom] = [
        frame.px(frame.x[0]),
        frame.px(frame.x[1]),
        frame.py(frame.y[1]),
        frame.py(frame.y[0]),
    ];
    return (
        <svg
            ref={svg}
            class="plot"
            viewBox={`0 0 ${frame.width} ${frame.height}`}
            role="group"
            aria-label={label}
            data-testid={testid}
            onClick={event => {
                if (onPlace === undefined || svg.current === null) return;
                const at = placeOf(svg.current, event);
                if (at.x < left || at.x > right || at.y < top || at.y > bottom) return;
                onPlace(frame.ux(at.x), frame.uy(at.y));
            }}
        >
            <clipPath id={clip}>
                <rect x={left} y={top} width={right - left} height={bottom - top} />
            </clipPath>
            <g class="plot-grid" aria-hidden="true">
                {across.map(([value, text]) => (
                    <g key={value}>
                        <path
                            d={`M${frame.px(value)} ${top}V${bottom}`}
                            class={Math.abs(value) < 1e-12 ? 'zero' : ''}
                        />
                        <text x={frame.px(value)} y={bottom + 15} text-anchor="middle">
                            {text}
                        </text>
                    </g>
                ))}
                {up.map(([value, text]) => (
                    <g key={value}>
                        <path
                            d={`M${left} ${frame.py(value)}H${right}`}
                            class={Math.abs(value) < 1e-12 ? 'zero' : ''}
                        />
                        <text x={left - 6} y={frame.py(value) + 4} text-anchor="end">
                            {text}
                        </text>
                    </g>
                ))}
                <text class="plot-name" x={right} y={bottom + 28} text-anchor="end">
                    {x}
                </text>
                <text class="plot-name" x={left + 5} y={top + 12}>
                    {y}
                </text>
            </g>
            <g clip-path={`url(#${clip})`}>{children}</g>
            {above}
        </svg>
    );
}

const tickText = (value: number) =>
    brief(value)
        .replace(/\.0+$/, '')
        .replace(/(\.\d*[1-9])0+$/, '$1');

function placeOf(svg: SVGSVGElement, event: { readonly clientX: number; readonly clientY: number }): DOMPoint {
    return new DOMPoint(event.clientX, event.clientY).matrixTransform(svg.getScreenCTM()!.inverse());
}

/** Where a plot's window lies in its drawing: for what is painted under it. */
export function windowStyle(frame: Frame): Readonly<Record<string, string>> {
    const share = (part: number, of: number) => `${(100 * part) / of}%`;
    const [left, top] = [frame.px(frame.x[0]), frame.py(frame.y[1])];
    return {
        left: share(left, frame.width),
        top: share(top, frame.height),
        width: share(frame.px(frame.x[1]) - left, frame.width),
        height: share(frame.py(frame.y[0]) - top, frame.height),
    };
}

/** A map of bytes as docs/PLAYGROUND.md has them under a plot, cell by cell where the plot's numbers say. */
export function MapPlot({
    bytes,
    size,
    ...plot
}: PlotProps & { readonly bytes: Uint8Array | undefined; readonly size: number }) {
    return (
        <div class="map-plot">
            <MapPicture bytes={bytes} size={size} style={windowStyle(plot.frame)} />
            <Plot {...plot} />
        </div>
    );
}

/** A path through points; a gap where one is no number. */
export function pathOf(frame: Frame, xs: ArrayLike<number>, ys: ArrayLike<number>): string {
    let text = '';
    let pen = false;
    for (let k = 0; k < xs.length; k++) {
        const [x, y] = [xs[k]!, ys[k]!];
        if (!Number.isFinite(x) || !Number.isFinite(y)) {
            pen = false;
            continue;
        }
        text += `${pen ? 'L' : 'M'}${frame.px(x).toFixed(2)} ${frame.py(y).toFixed(2)}`;
        pen = true;
    }
    return text;
}

/** Something to drag; its arrows move it as well, and every handle has its number field beside the plot. */
export function Handle({
    frame,
    x,
    y,
    label,
    text,
    testid,
    onMove,
    onNudge,
}: {
    readonly frame: Frame;
    readonly x: number;
    readonly y: number;
    readonly label: string;
    readonly text: string;
    readonly testid: string;
    readonly onMove: (x: number, y: number) => void;
    /** ← → ↑ ↓ as steps to the right and up. */
    readonly onNudge: (right: number, up: number) => void;
}) {
    const [cx, cy] = [frame.px(x), frame.py(y)];
    return (
        <g
            class="handle"
            role="slider"
            tabindex={0}
            aria-label={label}
            aria-valuenow={x}
            aria-valuetext={text}
            data-testid={testid}
            onPointerDown={event => {
                event.preventDefault();
                event.currentTarget.setPointerCapture(event.pointerId);
                (event.currentTarget as unknown as HTMLElement).focus();
            }}
            onPointerMove={event => {
                if (!event.currentTarget.hasPointerCapture(event.pointerId)) return;
                const at = placeOf(event.currentTarget.ownerSVGElement!, event);
                onMove(frame.ux(at.x), frame.uy(at.y));
            }}
            onClick={event => event.stopPropagation()}
            onKeyDown={event => {
                const by = event.shiftKey ? 10 : 1;
                const moves: Readonly<Record<string, readonly [number, number]>> = {
                    ArrowLeft: [-by, 0],
                    ArrowRight: [by, 0],
                    ArrowUp: [0, by],
                    ArrowDown: [0, -by],
                };
                const move = moves[event.key];
                if (move === undefined) return;
                event.preventDefault();
                onNudge(...move);
            }}
        >
            <circle cx={cx} cy={cy} r={15} class="handle-reach" />
            <circle cx={cx} cy={cy} r={7} class="handle-knob" />
        </g>
    );
}

// ---------------------------------------------------------------- a map

function MapPicture({
    bytes,
    size,
    style,
}: {
    readonly bytes: Uint8Array | undefined;
    readonly size: number;
    readonly style: Readonly<Record<string, string>>;
}) {
    const canvas = useRef<HTMLCanvasElement>(null);
    const painter = useRef<MapPainter | undefined>(undefined);
    const table = diverging.value;
    useEffect(() => {
        if (canvas.current === null || bytes === undefined) return;
        painter.current ??= new MapPainter(canvas.current);
        painter.current.paint(bytes, size, size, table, undefined);
    }, [bytes, table]);
    return <canvas ref={canvas} class="map-picture" aria-hidden="true" style={style} />;
}
