// The error surface as a map: heights of the engine, drawn with contour lines, from coarse to fine; and ways down on it.

import { useEffect, useRef, useState } from 'preact/hooks';
import { mix, parseHex } from '../look/colour';
import { theme } from '../look/theme';
import { word as colourWord } from '../look/themes';
import type { Reply } from '../protocol';
import { hello, inquire, parameters, state } from '../session';
import { lower, pretty } from '../text/symbols';
import { Slider } from '../parts/controls';
import { whole } from '../text/numbers';
import { frameOf, pathOf, Plot, windowStyle, type Frame, type PlotProps } from './parts';
import { put, useReply } from './scene';

export type Link = readonly [layer: number, from: number, unit: number];

export interface Heights {
    readonly values: Float64Array;
    readonly size: number;
    readonly low: number;
    readonly high: number;
    readonly at: readonly [number, number];
    readonly loss: number;
}

interface Surface extends Reply {
    readonly at: readonly [number, number];
    readonly loss: number;
}

/** Coarse first: 15 × 15 is there at once, 60 × 60 when there is time. */
const SIZES = [15, 60] as const;

/** The surface over two weights; `when` changes when the network does. The next one begins when the last has ended. */
export function useSurface(
    first: Link,
    second: Link,
    window: readonly number[],
    climb: boolean,
    when: unknown,
): Heights | undefined {
    const [shown, show] = useState<Heights | undefined>(undefined);
    const key = JSON.stringify([first, second, window, climb, when]);
    const wanted = useRef(key);
    wanted.current = key;
    useEffect(() => {
        let there = true;
        void (async () => {
            for (const size of SIZES) {
                // Slices, so that the engine of the browser has time for other questions.
                const slice = hello.value?.host === 'browser' && size > 20 ? 4 : size;
                const values = new Float64Array(size * size);
                let last: Surface | undefined;
                for (let from = 0; from < size; from += slice) {
                    if (!there || wanted.current !== key) return;
                    const count = Math.min(slice, size - from);
                    try {
                        const reply = await inquire<Surface>({
                            do: 'surface',
                            first,
                            second,
                            window,
                            size,
                            start: from,
                            count,
                            climb, // prettier-ignore
                        });
                        values.set(reply.blocks['heights'] as Float64Array, from * size);
                        last = reply.header;
                    } catch {
                        return;
                    }
                }
                if (!there || wanted.current !== key || last === undefined) return;
                const finite = values.filter(Number.isFinite);
                show({
                    values,
                    size,
                    low: finite.reduce((a, b) => Math.min(a, b), Infinity),
                    high: finite.reduce((a, b) => Math.max(a, b), -Infinity),
                    at: last.at,
                    loss: last.loss,
                });
            }
        })();
        return () => void (there = false);
    }, [key]);
    return shown;
}

export interface Way {
    readonly updates: number;
    readonly updatesPerEpoch: number;
    readonly examples: number;
    readonly ms: number;
    readonly loss: number;
    readonly diverged: boolean;
}

export interface Descent extends Reply {
    readonly ways: readonly Way[];
}

/** A path's rows: update, two weights, loss, loss in the plane, distance from the plane, examples. */
export interface Path {
    readonly update: number;
    readonly a: number;
    readonly b: number;
    readonly loss: number;
    readonly plane: number;
    readonly off: number;
    readonly examples: number;
}

export function useDescent(
    request: {
        readonly first: Link;
        readonly second: Link;
        readonly from?: readonly number[];
        readonly only: boolean;
        readonly climb?: boolean;
        readonly ways: readonly Readonly<Record<string, unknown>>[];
    },
    when: unknown,
) {
    const asked = useReply<Descent>({ do: 'descent', ...request }, when);
    const paths = (asked.reply?.header.ways ?? []).map((_, k) =>
        rowsOf(asked.reply!.blocks[`path${k}`] as Float64Array),
    );
    return { ...asked, ways: asked.reply?.header.ways ?? [], paths };
}

function rowsOf(block: Float64Array): Path[] {
    return Array.from({ length: block.length / 7 }, (_, k) => ({
        update: block[7 * k]!,
        a: block[7 * k + 1]!,
        b: block[7 * k + 2]!,
        loss: block[7 * k + 3]!,
        plane: block[7 * k + 4]!,
        off: block[7 * k + 5]!,
        examples: block[7 * k + 6]!,
    }));
}

/** A way down as a line over the map. */
export function WayLine({
    frame,
    path,
    kind = '',
}: {
    readonly frame: Frame;
    readonly path: readonly Path[];
    readonly kind?: string;
}) {
    return (
        <path
            class={`way${kind}`}
            d={pathOf(
                frame,
                path.map(p => p.a),
                path.map(p => p.b),
            )}
        />
    );
}

/** How many updates a way has, and where on it to look: the values `updates` and `walk` of the scene. */
export function WaySliders({
    testid,
    labels,
    updates,
    walk,
    min,
    max,
}: {
    readonly testid: string;
    readonly labels: readonly [updates: string, walk: string];
    readonly updates: number;
    readonly walk: number;
    readonly min: number;
    readonly max: number;
}) {
    return (
        <>
            <Slider
                label={labels[0]}
                testid={`${testid}-updates`}
                value={updates}
                min={min}
                max={max}
                step={10}
                show={value => whole(value)}
                onSet={value => put({ updates: value, walk: undefined })}
            />
            {updates > 0 && (
                <Slider
                    label={labels[1]}
                    testid={`${testid}-walk`}
                    value={walk}
                    min={0}
                    max={updates}
                    step={1}
                    show={value => whole(value)}
                    onSet={value => put({ walk: value })}
                />
            )}
        </>
    );
}

/** A place kept on the map, to a hundredth. */
export const onMap = (value: number, reach: number) => Math.round(clamp(value, reach) * 100) / 100;
export const clamp = (value: number, reach: number) => Math.min(reach, Math.max(-reach, value));

// ---------------------------------------------------------------- which weights

/** Every weight and bias of the network with its name. */
export function links(): { readonly name: string; readonly text: string; readonly link: Link }[] {
    const network = state.value?.network;
    if (network === undefined) return [];
    const out: { name: string; text: string; link: Link }[] = [];
    network.layers.forEach((layer, l) => {
        const from = l === 0 ? network.inputs.map(pretty) : undefined;
        const width = l === 0 ? network.inputs.length : network.layers[l - 1]!.units;
        for (let unit = 0; unit < layer.units; unit++) {
            const to = l === network.layers.length - 1 ? `z${lower(unit + 1)}` : `y${lower(unit + 1)}${'′'.repeat(l)}`;
            for (let k = 0; k < width; k++) {
                const source = from?.[k] ?? `y${lower(k + 1)}${'′'.repeat(l - 1)}`;
                out.push({ name: `${l}.${k}.${unit}`, text: `${source} → ${to}`, link: [l, k, unit] });
            }
            out.push({ name: `${l}.b.${unit}`, text: `1 → ${to}`, link: [l, -1, unit] });
        }
    });
    return out;
}

export function linkOf(text: string, otherwise: Link): Link {
    return links().find(one => one.name === text)?.link ?? otherwise;
}

export const nameOf = ([layer, from, unit]: Link) => `${layer}.${from < 0 ? 'b' : from}.${unit}`;

/** The present value of a weight, as the engine's last frame has it. */
export function valueOf([layer, from, unit]: Link): number | undefined {
    const tensor = state.value?.network.tensors.find(
        one => one.layer === layer && one.role === (from < 0 ? 'bias' : 'weight'),
    );
    return tensor === undefined
        ? undefined
        : parameters.value?.[tensor.offset + (from < 0 ? 0 : from) * tensor.columns + unit];
}

// ---------------------------------------------------------------- the map

export function landscapeFrame(window: readonly number[], width = 560, height = 520): Frame {
    return frameOf({ x: [window[0]!, window[1]!], y: [window[2]!, window[3]!] }, width, height);
}

/** The surface under a plot: shading says how high, contour lines stand at equal shares of its area. */
export function Landscape({ heights, ...plot }: PlotProps & { readonly heights: Heights | undefined }) {
    const canvas = useRef<HTMLCanvasElement>(null);
    const colours = theme.value;
    useEffect(() => {
        const context = canvas.current?.getContext('2d');
        if (context == null || heights === undefined) return;
        const { values, size, low, high } = heights;
        canvas.current!.width = size;
        canvas.current!.height = size;
        const image = context.createImageData(size, size);
        const words = new Uint32Array(image.data.buffer);
        const [light, deep] = [parseHex(colours.panel), parseHex(colours.quiet)];
        const table = Array.from({ length: 64 }, (_, k) => colourWord(mix(light, deep, (0.62 * k) / 63)));
        const span = high - low || 1;
        for (let row = 0; row < size; row++)
            for (let column = 0; column < size; column++) {
                const height = values[(size - 1 - row) * size + column]!;
                const share = Number.isFinite(height) ? Math.sqrt((height - low) / span) : 1;
                words[row * size + column] = table[Math.min(63, Math.max(0, Math.round(share * 63)))]!;
            }
        context.putImageData(image, 0, 0);
    }, [heights, colours]);
    return (
        <div class="map-plot">
            <canvas ref={canvas} class="map-picture" aria-hidden="true" style={windowStyle(plot.frame)} />
            <Plot {...plot}>
                {heights !== undefined && <Contours heights={heights} frame={plot.frame} />}
                {plot.children}
            </Plot>
        </div>
    );
}

function Contours({ heights, frame }: { readonly heights: Heights; readonly frame: Frame }) {
    const sorted = [...heights.values].filter(Number.isFinite).sort((a, b) => a - b);
    const levels = [0.02, 0.06, 0.12, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.97].map(
        share => sorted[Math.floor(share * (sorted.length - 1))]!,
    );
    return (
        <g class="contours" aria-hidden="true">
            {[...new Set(levels)].map(level => (
                <path key={level} d={contour(heights, level, frame)} />
            ))}
        </g>
    );
}

/** Marching squares: each cell of four heights gives the pieces of the line where the surface passes the level. */
function contour({ values, size }: Heights, level: number, frame: Frame): string {
    const x = (column: number) => frame.px(frame.x[0] + (column / (size - 1)) * (frame.x[1] - frame.x[0]));
    const y = (row: number) => frame.py(frame.y[0] + (row / (size - 1)) * (frame.y[1] - frame.y[0]));
    let path = '';
    for (let row = 0; row + 1 < size; row++)
        for (let column = 0; column + 1 < size; column++) {
            const corners = [
                values[row * size + column]!,
                values[row * size + column + 1]!,
                values[(row + 1) * size + column + 1]!,
                values[(row + 1) * size + column]!,
            ] as const;
            const crossings: string[] = [];
            const cut = (from: number, to: number, dx: readonly [number, number], dy: readonly [number, number]) => {
                const [a, b] = [corners[from]!, corners[to]!];
                if (a < level === b < level) return;
                const t = (level - a) / (b - a);
                const cx = x(column + dx[0] + t * (dx[1] - dx[0]));
                crossings.push(`${cx.toFixed(1)} ${y(row + dy[0] + t * (dy[1] - dy[0])).toFixed(1)}`);
            };
            cut(0, 1, [0, 1], [0, 0]);
            cut(1, 2, [1, 1], [0, 1]);
            cut(2, 3, [1, 0], [1, 1]);
            cut(3, 0, [0, 0], [1, 0]);
            for (let k = 0; k + 1 < crossings.length; k += 2) path += `M${crossings[k]}L${crossings[k + 1]}`;
        }
    return path;
}
