// Right of the screen: what comes out. The map of the output over the plane with the points on it, the costs, and who
// is wrong.

import { computed, signal, useComputed, useSignal, useSignalEffect } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { hides } from '../classroom';
import { addMark, markPath, shapeOf } from '../draw/marks';
import { contour, MapPainter } from '../draw/maps';
import { classColours, diverging, theme, zeroInk } from '../look/theme';
import { classTable } from '../look/themes';
import { Check, Select, Tabs } from '../parts/controls';
import {
    clock,
    isClasses,
    measures,
    outputMap,
    points,
    predictions,
    probe,
    rowOf,
    selection,
    set,
    setting,
    state,
    statistics,
    unitMaps,
    type Maps,
    type Points,
} from '../session';
import { t } from '../text';
import { brief, percent, show, whole } from '../text/numbers';
import { pretty } from '../text/symbols';
import { PointTools, tool, useTool } from './own';

// ---------------------------------------------------------------- what a byte of the map means

/**
 * Where the scale of what is shown has its middle and how far it reaches: half way between what the two classes are
 * coded as; for numbers 0, or the middle of targets that lie on one side of it.
 */
export const outputScale = computed(() => {
    const data = state.value?.data;
    if (isClasses.value || data === undefined) {
        const [low, high] = [data?.targetLow ?? -1, data?.targetHigh ?? 1];
        return { middle: (low + high) / 2, reach: (high - low) / 2, zero: 0, unit: 1 };
    }
    const targets = points.value?.targets ?? new Float32Array(0);
    const [low, high] = [targets.reduce((a, b) => Math.min(a, b), 0), targets.reduce((a, b) => Math.max(a, b), 0)];
    const least = targets.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
    const middle = low < 0 ? (high > 0 ? 0 : low / 2) : (least + high) / 2;
    return {
        middle,
        reach: Math.max(high - middle, middle - Math.min(low, least)) || 1,
        zero: data.targetShift,
        unit: data.targetScale,
    };
});

/** The same in the network's own units: it learns scaled targets. */
function outputUnits() {
    const { middle, reach, zero, unit } = outputScale.value;
    return { middle: (middle - zero) / unit, reach: reach / unit };
}

/** The diverging palette seen through a scale whose zero is elsewhere. */
function shifted(table: Uint32Array, scale: number, middle: number, reach: number, discrete: boolean): Uint32Array {
    const out = new Uint32Array(256);
    out[0] = table[0]!;
    for (let byte = 1; byte < 256; byte++) {
        const value = (((byte - 128) / 127) * scale - middle) / reach;
        const held = discrete ? (value > 0 ? 0.85 : -0.85) : Math.max(-1, Math.min(1, value));
        out[byte] = table[Math.round(128 + held * 127)]!;
    }
    return out;
}

const shownOutput = signal<number | undefined>(undefined);

/** The hidden unit that is chosen: the large map shows what it gives instead of the output. */
const shownUnit = computed(() => {
    const [chosen, layers] = [selection.value, state.value?.network.layers ?? []];
    if (chosen.kind !== 'unit' || chosen.layer >= layers.length - 1) return undefined;
    const before = layers.slice(0, chosen.layer).reduce((sum, layer) => sum + layer.units, 0);
    return { layer: chosen.layer, unit: chosen.unit, index: before + chosen.unit };
});

/** The map of a unit alone, out of those of all units. */
function unitMap(index: number): Maps | undefined {
    const all = unitMaps.value;
    const cells = (all?.size ?? 0) ** 2;
    return all === undefined || (index + 1) * cells > all.bytes.length
        ? undefined
        : {
              bytes: all.bytes.subarray(index * cells, (index + 1) * cells),
              scales: all.scales.subarray(index, index + 1),
              size: all.size,
          };
}

export function OutputPanel() {
    const outputs = state.value?.network.layers.at(-1)?.units ?? 1;
    const classes = state.value?.data.classes ?? [];
    const tab = useSignal<'costs' | 'confusion' | 'layers'>('costs');
    const which = outputs > 1 ? shownOutput.value : 0;
    const unit = shownUnit.value;
    useTool();
    return (
        <section class="side output" aria-label={t('output.title')} data-testid="output">
            <div class="block">
                <div class="title-row">
                    <h2 aria-live="polite">
                        {unit === undefined
                            ? t('output.title')
                            : t('network.unit', { unit: unit.unit + 1, layer: unit.layer + 1 })}
                    </h2>
                    {unit !== undefined && (
                        <button
                            type="button"
                            class="linklike"
                            data-testid="back-to-output"
                            onClick={() => (selection.value = { kind: 'network' })}
                        >
                            {t('output.back')}
                        </button>
                    )}
                    {unit === undefined && outputs > 1 && (
                        <Select
                            label={t('output.which')}
                            hideLabel
                            testid="output-which"
                            value={which === undefined ? 'all' : String(which)}
                            options={[
                                ...(isClasses.value ? [{ value: 'all', text: t('output.winner') }] : []),
                                ...Array.from({ length: outputs }, (_, k) => ({
                                    value: String(k),
                                    text: classes[k] ?? t('output.number', { number: k + 1 }),
                                })),
                            ]}
                            onPick={value => (shownOutput.value = value === 'all' ? undefined : Number(value))}
                        />
                    )}
                </div>
                <Plane which={which} />
                <Legend />
                <PointTools />
                <div class="switches">
                    <Check
                        label={t('output.test')}
                        testid="show-test"
                        on={setting('showTest', false)}
                        onSet={on => set({ showTest: on })}
                    />
                    <Check
                        label={t('output.discretize')}
                        testid="discretize"
                        on={setting('discretize', false)}
                        onSet={on => set({ discretize: on })}
                    />
                </div>
            </div>
            <Score />
            <Tabs
                label={t('output.details')}
                testid="tab"
                value={tab.value}
                onPick={value => (tab.value = value)}
                tabs={[
                    ...(hides('costs') ? [] : [{ value: 'costs' as const, text: t('tab.costs') }]),
                    ...(isClasses.value ? [{ value: 'confusion' as const, text: t('tab.confusion') }] : []),
                    { value: 'layers', text: t('tab.layers') },
                ]}
            >
                {tab.value === 'costs' && !hides('costs') ? (
                    <Costs />
                ) : tab.value === 'confusion' && isClasses.value ? (
                    <Confusion />
                ) : (
                    <Layers />
                )}
            </Tabs>
        </section>
    );
}

// ---------------------------------------------------------------- the plane

/** From data to the square of the map, in shares of its side; y grows downwards. */
function toShare(domain: readonly number[], x: number, y: number): readonly [number, number] {
    return [(x - domain[0]!) / (domain[1]! - domain[0]!), (domain[3]! - y) / (domain[3]! - domain[2]!)];
}

function Plane({ which }: { readonly which: number | undefined }) {
    const map = useRef<HTMLCanvasElement>(null);
    const over = useRef<HTMLCanvasElement>(null);
    const painter = useRef<MapPainter>(undefined);
    const side = useSignal(300);
    const of = useSignal(which);
    of.value = which;
    const cursor = useComputed(() => placeOf(probe.value, points.value));

    useEffect(() => {
        const watch = new ResizeObserver(entries => (side.value = Math.round(entries[0]!.contentRect.width)));
        watch.observe(over.current!);
        return () => watch.disconnect();
    }, []);

    useSignalEffect(() => {
        const unit = shownUnit.value;
        const maps = unit === undefined ? outputMap.value : unitMap(unit.index);
        if (maps === undefined || map.current === null) return;
        painter.current ??= new MapPainter(map.current);
        if (unit !== undefined) {
            painter.current.paint(maps.bytes, maps.size, maps.size, diverging.value, undefined);
            return;
        }
        const winners = paintOutput(painter.current, maps, of.value);
        lastWinners = winners === undefined ? undefined : { winners, size: maps.size };
    });

    useSignalEffect(() => {
        const context = over.current?.getContext('2d');
        if (context == null) return;
        const ratio = Math.min(3, devicePixelRatio);
        const pixels = side.value;
        if (context.canvas.width !== pixels * ratio) {
            context.canvas.width = pixels * ratio;
            context.canvas.height = pixels * ratio;
        }
        context.setTransform(ratio, 0, 0, ratio, 0, 0);
        context.clearRect(0, 0, pixels, pixels);
        drawBoundary(context, pixels, of.value);
        drawPoints(context, pixels, points.value);
        drawProbe(context, pixels, cursor.value);
    });

    const domain = state.value?.data.domain ?? [-6, 6, -6, 6];
    const axes = state.value?.data;
    const at = (event: MouseEvent): readonly [number, number] => {
        const box = over.current!.getBoundingClientRect();
        const [u, v] = [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
        return [domain[0]! + u * (domain[1]! - domain[0]!), domain[3]! - v * (domain[3]! - domain[2]!)];
    };
    const press = (x: number, y: number) => {
        if (tool.value !== undefined) {
            tool.value.press(x, y);
            return;
        }
        const row = nearestRow(points.value, domain, side.value, x, y);
        if (row !== undefined) {
            probe.value = { row };
            selection.value = { kind: 'example', row };
        } else if (axes?.isPlane === true) {
            probe.value = { raw: [x, y] };
        }
    };
    const onKey = (event: KeyboardEvent) => {
        const [width, height] = [domain[1]! - domain[0]!, domain[3]! - domain[2]!];
        const pace = event.shiftKey ? 0.1 : 0.02;
        const [x, y] = cursor.value ?? [domain[0]! + width / 2, domain[2]! + height / 2];
        const moves: Readonly<Record<string, readonly [number, number]>> = {
            ArrowLeft: [-pace, 0],
            ArrowRight: [pace, 0],
            ArrowUp: [0, pace],
            ArrowDown: [0, -pace],
        };
        const move = moves[event.key];
        if (move !== undefined) {
            event.preventDefault();
            const hold = (value: number, low: number, high: number) => Math.min(high, Math.max(low, value));
            probe.value = {
                raw: [
                    hold(x + move[0] * width, domain[0]!, domain[1]!),
                    hold(y + move[1] * height, domain[2]!, domain[3]!),
                ],
            };
        } else if (event.key === 'Enter' || event.key === ' ') {
            event.preventDefault();
            event.stopPropagation();
            press(x, y);
        }
    };
    const ticks = [0, 0.5, 1];
    return (
        <div class="plane-frame" data-testid="plane">
            <div class="axis-y" aria-hidden="true">
                <span class="axis-name">{pretty(axes?.rawInputs[axes.axes[1]] ?? 'x2')}</span>
                {ticks.map(k => (
                    <span key={k} class={`tick tick-${k * 2}`}>
                        {brief(domain[3]! - k * (domain[3]! - domain[2]!)).replace('.00', '')}
                    </span>
                ))}
            </div>
            <div class="map-square">
                <canvas ref={map} class="map" aria-hidden="true" />
                <canvas
                    ref={over}
                    class="over"
                    role="img"
                    tabIndex={0}
                    data-testid="output-map"
                    aria-label={describePlane()}
                    aria-keyshortcuts="ArrowLeft ArrowRight ArrowUp ArrowDown Enter"
                    onKeyDown={onKey}
                    onClick={event => press(...at(event))}
                />
            </div>
            <div class="axis-x" aria-hidden="true">
                {ticks.map(k => (
                    <span key={k} class={`tick tick-${k * 2}`}>
                        {brief(domain[0]! + k * (domain[1]! - domain[0]!)).replace('.00', '')}
                    </span>
                ))}
                <span class="axis-name">{pretty(axes?.rawInputs[axes.axes[0]] ?? 'x1')}</span>
            </div>
        </div>
    );
}

function describePlane(): string {
    const shown = measures.value;
    return t('output.describe', {
        rows: state.value?.data.rows ?? 0,
        train: shown?.train.loss == null ? '–' : show(shown.train.loss),
        test: shown?.test?.loss == null ? '–' : show(shown.test.loss),
    });
}

/** Paints one output through the diverging palette, or who wins where there are several; returns the winners. */
export function paintOutput(painter: MapPainter, maps: Maps, which: number | undefined): Uint8Array | undefined {
    const { bytes, scales, size } = maps;
    const outputs = bytes.length / (size * size);
    const discrete = setting('discretize', false);
    if (outputs > 1 && which === undefined) return paintWinners(painter, maps, outputs, discrete);
    const index = Math.min(which ?? 0, outputs - 1);
    const { middle, reach } = outputUnits();
    const table = shifted(diverging.value, scales[index]!, middle, reach, discrete);
    painter.paint(bytes.subarray(index * size * size, (index + 1) * size * size), size, size, table, undefined);
    return undefined;
}

export function placeOf(at: typeof probe.value, shown: Points | undefined): readonly [number, number] | undefined {
    if ('raw' in at) return [at.raw[0]!, at.raw[1] ?? 0];
    return shown === undefined || 2 * at.row + 1 >= shown.xy.length
        ? undefined
        : [shown.xy[2 * at.row]!, shown.xy[2 * at.row + 1]!];
}

/** Test points are shown on request, and while points are edited: a new one may have become a test point. */
const showsTest = () => setting('showTest', false) || tool.value !== undefined;

/** The row nearest to a place, within 12 pixels. */
export function nearestRow(
    shown: Points | undefined,
    domain: readonly number[],
    side: number,
    x: number,
    y: number,
): number | undefined {
    if (shown === undefined) return undefined;
    const [u, v] = toShare(domain, x, y);
    const test = showsTest();
    let best: number | undefined;
    let least = (12 / side) ** 2;
    for (let row = 0; row < shown.parts.length; row++) {
        if (shown.parts[row] === 1 && !test) continue;
        const [pu, pv] = toShare(domain, shown.xy[2 * row]!, shown.xy[2 * row + 1]!);
        const distance = (pu - u) ** 2 + (pv - v) ** 2;
        if (distance < least) {
            least = distance;
            best = row;
        }
    }
    return best;
}

function paintWinners(
    painter: MapPainter,
    { bytes, scales, size }: Maps,
    outputs: number,
    discrete: boolean,
): Uint8Array {
    const [look, inks] = [theme.value, classColours.value];
    const cells = size * size;
    const winners = new Uint8Array(cells);
    const tables = Array.from({ length: outputs }, (_, k) => classTable(look, inks[k % inks.length]!));
    const paint = new Uint32Array(cells);
    for (let i = 0; i < cells; i++) {
        let [best, second, winner] = [-Infinity, -Infinity, 0];
        for (let k = 0; k < outputs; k++) {
            const value = (bytes[k * cells + i]! - 128) * scales[k]!;
            if (value > best) {
                second = best;
                best = value;
                winner = k;
            } else if (value > second) {
                second = value;
            }
        }
        winners[i] = winner;
        const lead = outputs > 1 ? Math.min(1, (best - second) / (127 * scales[winner]!)) : 1;
        paint[i] = tables[winner]![discrete ? 190 : Math.round(lead * 255)]!;
    }
    painter.paintWords(paint, size, size);
    return winners;
}

let lastWinners: { readonly winners: Uint8Array; readonly size: number } | undefined;

function drawBoundary(context: CanvasRenderingContext2D, pixels: number, which: number | undefined): void {
    const unit = shownUnit.value;
    const maps = unit === undefined ? outputMap.value : unitMap(unit.index);
    const look = theme.value;
    if (maps === undefined) return;
    const { size } = maps;
    const cell = pixels / size;
    const outputs = maps.bytes.length / (size * size);
    context.lineJoin = 'round';
    const line = (segments: Float32Array) => {
        context.beginPath();
        for (let k = 0; k < segments.length; k += 4) {
            context.moveTo((segments[k]! + 0.5) * cell, (segments[k + 1]! + 0.5) * cell);
            context.lineTo((segments[k + 2]! + 0.5) * cell, (segments[k + 3]! + 0.5) * cell);
        }
        context.strokeStyle = look.ink;
        context.lineWidth = 1.5;
        context.stroke();
    };
    if (unit !== undefined) {
        line(contour(maps.bytes, size, size, 128 - 0.001));
    } else if (outputs === 1 || which !== undefined) {
        const index = Math.min(which ?? 0, outputs - 1);
        const scale = maps.scales[index]!;
        const level = 128 + (outputUnits().middle / scale) * 127;
        if (scale > 0 && level > 1 && level < 255)
            line(
                contour(maps.bytes.subarray(index * size * size, (index + 1) * size * size), size, size, level - 0.001),
            );
    } else if (lastWinners?.size === size) {
        context.beginPath();
        const { winners } = lastWinners;
        for (let y = 0; y < size; y++) {
            for (let x = 0; x < size; x++) {
                const own = winners[y * size + x];
                if (x + 1 < size && winners[y * size + x + 1] !== own) {
                    context.moveTo((x + 1) * cell, y * cell);
                    context.lineTo((x + 1) * cell, (y + 1) * cell);
                }
                if (y + 1 < size && winners[(y + 1) * size + x] !== own) {
                    context.moveTo(x * cell, (y + 1) * cell);
                    context.lineTo((x + 1) * cell, (y + 1) * cell);
                }
            }
        }
        context.strokeStyle = look.ink;
        context.lineWidth = 1.25;
        context.stroke();
    }
}

function drawPoints(context: CanvasRenderingContext2D, pixels: number, shown: Points | undefined): void {
    const domain = state.value?.data.domain;
    if (shown === undefined || domain === undefined) return;
    const look = theme.value;
    const inks = classColours.value;
    const classes = isClasses.value;
    const test = showsTest();
    const count = shown.parts.length;
    const radius = (count > 700 ? 2.2 : count > 250 ? 2.9 : 3.8) * Math.max(1, pixels / 340);
    const inside = clock.value?.cursor?.row;
    const chosen =
        inside !== undefined
            ? shown.rows.indexOf(inside)
            : selection.value.kind === 'example'
              ? selection.value.row
              : -1;
    const { middle, reach } = outputScale.value;
    for (let row = 0; row < count; row++) {
        const isTest = shown.parts[row] === 1;
        if (isTest && !test && row !== chosen) continue;
        const [u, v] = toShare(domain, shown.xy[2 * row]!, shown.xy[2 * row + 1]!);
        if (u < 0 || u > 1 || v < 0 || v > 1) continue;
        const target = shown.targets[row]!;
        const shape = classes ? shapeOf(target) : target < middle ? shapeOf(1) : shapeOf(0);
        const ink = classes ? inks[target % inks.length]! : target < middle ? look.negativeInk : look.positiveInk;
        const grow = classes ? 1 : 0.65 + 0.5 * Math.min(1, Math.abs(target - middle) / reach);
        context.beginPath();
        addMark(context, shape, u * pixels, v * pixels, radius * grow);
        context.lineJoin = 'round';
        context.strokeStyle = look.halo;
        context.lineWidth = isTest ? 4.5 : 2.5;
        context.stroke();
        if (isTest) {
            context.fillStyle = look.halo;
            context.fill();
            context.strokeStyle = ink;
            context.lineWidth = 1.5;
            context.stroke();
        } else {
            context.fillStyle = ink;
            context.fill();
        }
        if (row === chosen) {
            context.beginPath();
            context.arc(u * pixels, v * pixels, radius + 6, 0, 2 * Math.PI);
            context.strokeStyle = look.halo;
            context.lineWidth = 5;
            context.stroke();
            context.strokeStyle = look.ink;
            context.lineWidth = 2;
            context.stroke();
        }
    }
}

function drawProbe(context: CanvasRenderingContext2D, pixels: number, at: readonly [number, number] | undefined): void {
    const domain = state.value?.data.domain;
    if (
        at === undefined ||
        domain === undefined ||
        ('row' in probe.value && selection.value.kind !== 'unit' && selection.value.kind !== 'link')
    )
        return;
    const [u, v] = toShare(domain, at[0], at[1]);
    const [x, y] = [u * pixels, v * pixels];
    for (const [ink, width] of [
        [theme.value.halo, 4],
        [theme.value.ink, 1.5],
    ] as const) {
        context.beginPath();
        for (const [dx, dy] of [
            [1, 0],
            [-1, 0],
            [0, 1],
            [0, -1],
        ] as const) {
            context.moveTo(x + dx * 5, y + dy * 5);
            context.lineTo(x + dx * 13, y + dy * 13);
        }
        context.strokeStyle = ink;
        context.lineWidth = width;
        context.stroke();
    }
}

function Legend() {
    const canvas = useRef<HTMLCanvasElement>(null);
    const classes = state.value?.data.classes ?? [];
    const outputs = state.value?.network.layers.at(-1)?.units ?? 1;
    const unit = shownUnit.value;
    const of = unit === undefined ? undefined : unitMap(unit.index)?.scales[0];
    const { middle, reach } = of === undefined ? outputScale.value : { middle: 0, reach: of };
    const scaled = unit !== undefined || outputs === 1 || shownOutput.value !== undefined;
    useSignalEffect(() => {
        const table = diverging.value;
        const context = canvas.current?.getContext('2d');
        if (context == null) return;
        const image = context.createImageData(255, 1);
        new Uint32Array(image.data.buffer).set(table.subarray(1));
        new Uint32Array(image.data.buffer)[127] = zeroInk.value;
        context.putImageData(image, 0, 0);
    });
    return (
        <div class="legend">
            {scaled && (
                <div class="scale" aria-hidden="true">
                    <span>{brief(middle - reach)}</span>
                    <canvas ref={canvas} width={255} height={1} />
                    <span>{brief(middle + reach)}</span>
                </div>
            )}
            {classes.length > 0 && (
                <ul class="classes" aria-label={t('output.classes')}>
                    {classes.slice(0, 12).map((name, k) => (
                        <li key={name}>
                            <Mark index={k} />
                            <span>{signed(name)}</span>
                        </li>
                    ))}
                </ul>
            )}
        </div>
    );
}

/** A class that is called by a number has a real minus sign. */
export const signed = (name: string) => name.replace(/^-(?=\d)/, '−');

export function Mark({ index }: { readonly index: number }) {
    return (
        <svg class="mark" viewBox="-8 -8 16 16" aria-hidden="true">
            <path d={markPath(shapeOf(index), 5)} class={`class-${index % 10}`} />
        </svg>
    );
}

// ---------------------------------------------------------------- numbers

function Score() {
    const shown = measures.value;
    const number = (value: number | null | undefined) => (value == null ? '–' : show(value));
    const share = (value: number | null | undefined) => (value == null ? '–' : percent(value));
    return (
        <div class="block">
            <table class="score" data-testid="score">
                <caption class="unseen">{t('score.title')}</caption>
                <thead>
                    <tr>
                        <td />
                        <th scope="col">{t('score.loss')}</th>
                        <th scope="col">{isClasses.value ? t('score.accuracy') : 'R²'}</th>
                        <th scope="col">Σ</th>
                    </tr>
                </thead>
                <tbody>
                    <tr>
                        <th scope="row">
                            <span class="line-key solid" />
                            {t('score.train')}
                        </th>
                        <td class="big" data-testid="train-loss">
                            {number(shown?.train.loss)}
                        </td>
                        <td data-testid="train-accuracy">
                            {isClasses.value ? share(shown?.train.accuracy) : number(shown?.train.r2)}
                        </td>
                        <td>{number(shown?.train.cost)}</td>
                    </tr>
                    {shown?.test != null && (
                        <tr>
                            <th scope="row">
                                <span class="line-key dashed" />
                                {t('score.test')}
                            </th>
                            <td class="big" data-testid="test-loss">
                                {number(shown.test.loss)}
                            </td>
                            <td data-testid="test-accuracy">
                                {isClasses.value ? share(shown.test.accuracy) : number(shown.test.r2)}
                            </td>
                            <td>{number(shown.test.cost)}</td>
                        </tr>
                    )}
                    {shown?.penalty != null && shown.penalty > 0 && (
                        <tr>
                            <th scope="row">
                                <span class="line-key dotted" />
                                {t('score.penalty')}
                            </th>
                            <td class="big" data-testid="penalty">
                                {number(shown.penalty)}
                            </td>
                            <td />
                            <td />
                        </tr>
                    )}
                </tbody>
            </table>
        </div>
    );
}

const bars = 44;

/** The costs of the examples, largest first; a bar is its point. Left and right walk along them. */
function Costs() {
    const sorted = useComputed(() => {
        const [shown, costs] = [points.value, predictions.value?.costs];
        if (shown === undefined || costs === undefined) return [];
        const rows = [...costs.keys()].filter(row => shown.parts[row] === 0 && Number.isFinite(costs[row]!));
        return rows.sort((a, b) => costs[b]! - costs[a]!).slice(0, bars);
    });
    const rows = sorted.value;
    const costs = predictions.value?.costs;
    const chosen = selection.value.kind === 'example' ? selection.value.row : -1;
    const strip = useRef<HTMLDivElement>(null);
    if (costs === undefined || rows.length === 0) return <p class="note">{t('costs.none')}</p>;
    const top = costs[rows[0]!]!;
    const targets = points.value!.targets;
    const pick = (row: number) => {
        probe.value = { row };
        selection.value = { kind: 'example', row };
    };
    const move = (event: KeyboardEvent) => {
        const at = Math.max(0, rows.indexOf(chosen));
        const to =
            event.key === 'ArrowRight'
                ? at + 1
                : event.key === 'ArrowLeft'
                  ? at - 1
                  : event.key === 'Home'
                    ? 0
                    : event.key === 'End'
                      ? rows.length - 1
                      : undefined;
        if (to === undefined || rows[to] === undefined) return;
        event.preventDefault();
        pick(rows[to]);
    };
    const place = rows.indexOf(chosen);
    return (
        <div class="costs">
            <div
                class="bars"
                ref={strip}
                role="slider"
                tabIndex={0}
                data-testid="costs"
                aria-label={t('costs.title')}
                aria-valuemin={1}
                aria-valuemax={rows.length}
                aria-valuenow={place + 1}
                aria-valuetext={
                    place < 0 ? t('costs.pick') : t('costs.row', { row: rowOf(chosen) + 1, cost: show(costs[chosen]!) })
                }
                onKeyDown={move}
                onClick={event => {
                    const box = strip.current!.getBoundingClientRect();
                    const at = Math.floor(((event.clientX - box.left) / box.width) * rows.length);
                    if (rows[at] !== undefined) pick(rows[at]);
                }}
            >
                <svg viewBox={`0 0 ${rows.length * 10} 100`} preserveAspectRatio="none" aria-hidden="true">
                    {rows.map((row, k) => {
                        const height = top > 0 ? Math.max(1.5, (costs[row]! / top) * 100) : 1.5;
                        const kind = isClasses.value ? `class-${targets[row]! % 10}` : 'ink';
                        return (
                            <rect
                                key={k}
                                x={k * 10 + 1}
                                y={100 - height}
                                width={8}
                                height={height}
                                class={row === chosen ? `${kind} chosen` : kind}
                            />
                        );
                    })}
                </svg>
                <span class="bars-top">{show(top)}</span>
            </div>
            <p class="note">
                {t('costs.sum', {
                    sum: show(measures.value?.train.cost ?? Number.NaN),
                    rows: whole(state.value?.data.train ?? 0),
                    shown: rows.length,
                })}
            </p>
        </div>
    );
}

function Confusion() {
    const shown = measures.value;
    const classes = state.value?.data.classes ?? [];
    const test = useSignal(false);
    const part = test.value && shown?.test != null ? shown.test : shown?.train;
    const matrix = part?.confusion;
    if (matrix == null) return <p class="note">{t('confusion.none')}</p>;
    const most = Math.max(1, ...matrix.flat());
    return (
        <div class="confusion">
            {shown?.test != null && (
                <Check
                    label={t('confusion.test')}
                    testid="confusion-test"
                    on={test.value}
                    onSet={on => (test.value = on)}
                />
            )}
            <div class="scroll-x" tabIndex={0} role="region" aria-label={t('tab.confusion')}>
                <table data-testid="confusion">
                    <caption>{t('confusion.caption')}</caption>
                    <thead>
                        <tr>
                            <td />
                            {classes.map((name, k) => (
                                <th scope="col" key={name}>
                                    <Mark index={k} />
                                    {signed(name)}
                                </th>
                            ))}
                        </tr>
                    </thead>
                    <tbody>
                        {matrix.map((row, k) => (
                            <tr key={k}>
                                <th scope="row">
                                    <Mark index={k} />
                                    {signed(classes[k] ?? '')}
                                </th>
                                {row.map((count, j) => (
                                    <td
                                        key={j}
                                        class={j === k ? 'right' : count > 0 ? 'wrong' : ''}
                                        ref={element => element?.style.setProperty('--share', String(count / most))}
                                    >
                                        {count}
                                    </td>
                                ))}
                            </tr>
                        ))}
                    </tbody>
                </table>
            </div>
        </div>
    );
}

function Layers() {
    const rows = statistics.value;
    if (rows.length === 0) return <p class="note">{t('layers.none')}</p>;
    const most = Math.max(...rows.map(row => row.gradientNorm ?? 0));
    const number = (value: number | null) => (value === null ? '–' : show(value, 3));
    return (
        <div class="scroll-x" tabIndex={0} role="region" aria-label={t('tab.layers')}>
            <table class="layers" data-testid="layer-statistics">
                <caption class="unseen">{t('tab.layers')}</caption>
                <thead>
                    <tr>
                        <th scope="col">{t('layers.layer')}</th>
                        <th scope="col">‖∇‖</th>
                        <th scope="col">‖W‖</th>
                        <th scope="col">{t('layers.output')}</th>
                        <th scope="col">{t('layers.flat')}</th>
                    </tr>
                </thead>
                <tbody>
                    {rows.map((row, k) => (
                        <tr key={row.layer}>
                            <th scope="row">{k + 1}</th>
                            <td
                                class="bar"
                                ref={element =>
                                    element?.style.setProperty(
                                        '--share',
                                        String(most > 0 ? (row.gradientNorm ?? 0) / most : 0),
                                    )
                                }
                            >
                                {number(row.gradientNorm)}
                            </td>
                            <td>{number(row.weightNorm)}</td>
                            <td>
                                {number(row.outputMean)} ± {number(row.outputDeviation)}
                            </td>
                            <td>
                                {row.saturated === null ? '–' : percent(row.saturated)}
                                {row.dead.length > 0 && (
                                    <span class="dead"> {t('layers.dead', { count: row.dead.length })}</span>
                                )}
                            </td>
                        </tr>
                    ))}
                </tbody>
            </table>
        </div>
    );
}
