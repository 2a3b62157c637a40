// The network, left to right: inputs, layers, output. A unit is drawn as it computes: first the adder with its bias,
// then the map of what it gives. Everything is a click or a focus away; nothing waits for a hover.

import { useComputed, useSignal, useSignalEffect } from '@preact/signals';
import { useEffect, useLayoutEffect, useMemo, useRef } from 'preact/hooks';
import { drawLinks, nearestLink, type LinkPath } from '../draw/links';
import { MapPainter, thinned } from '../draw/maps';
import { hides } from '../classroom';
import { diverging, theme, zeroInk } from '../look/theme';
import type { State } from '../protocol';
import {
    enterInspector,
    hello,
    inputMaps,
    mapCells,
    parameters,
    refresh,
    selection,
    set,
    setting,
    state,
    unitMaps,
    type Maps,
    type Selection,
} from '../session';
import { Button, Select, Stepper } from '../parts/controls';
import { t } from '../text';
import { brief } from '../text/numbers';
import { pretty } from '../text/symbols';
import { layerTexts, nameOf, withActivation, withUnits } from '../layers';

const chip = 46;
/** Widths for inputs' names up to a length. */
const nameWidths = [
    [3, 40],
    [6, 64],
    [Number.POSITIVE_INFINITY, 96],
] as const;
/** What the head of a layer needs: a stepper and a choice. */
const headWidth = 158;
const most = 17;

interface Column {
    /** −1 for the inputs, otherwise the index among the network's layers. */
    readonly layer: number;
    readonly x: number;
    readonly units: number;
    readonly shown: number;
    /** Units before this layer's in the block of maps. */
    readonly first: number;
}

interface Layout {
    readonly columns: readonly Column[];
    readonly width: number;
    readonly height: number;
    readonly pitch: number;
    readonly map: number;
    /** Width of the inputs' names. */
    readonly names: number;
    readonly paths: readonly LinkPath[];
}

/** The layers of units, each with its place in requests. */
export const layersOf = (shown: State) => shown.network.layers.map((layer, index) => ({ ...layer, index }));

function arrange(shown: State, width: number, height: number): Layout {
    const layers = layersOf(shown);
    const counts = [shown.network.inputs.length, ...layers.map(layer => layer.units)];
    const rows = Math.min(most, Math.max(...counts));
    const pitch = Math.max(30, Math.min(74, (height - 8) / rows));
    const map = Math.round(Math.max(26, Math.min(52, pitch - 12)));
    const longest = Math.max(0, ...shown.network.inputs.map(name => pretty(name).length));
    const inputWidth = nameWidths.find(([length]) => longest <= length)![1];
    const needed = Math.max(width, inputWidth + map + (counts.length - 1) * 150 + headWidth - 40);
    const unitWidth = chip + map;
    const space = (needed - inputWidth - map + unitWidth - headWidth - 4) / Math.max(1, counts.length - 1);
    let first = 0;
    const columns = counts.map((units, k) => {
        const column: Column = {
            layer: k === 0 ? -1 : layers[k - 1]!.index,
            x: k === 0 ? 4 : 4 + inputWidth + map - unitWidth + space * k,
            units,
            shown: units > most ? most - 1 : units,
            first,
        };
        if (k > 0) first += units;
        return column;
    });
    const total = Math.max(height, pitch * rows + 8);
    const centre = (column: Column, unit: number) =>
        total / 2 + (unit - (Math.min(column.units, most) - 1) / 2) * pitch;
    const paths: LinkPath[] = [];
    for (let k = 1; k < columns.length; k++) {
        const [source, sink] = [columns[k - 1]!, columns[k]!];
        for (let unit = 0; unit < sink.shown; unit++) {
            for (let from = 0; from < source.shown; from++) {
                paths.push({
                    layer: sink.layer,
                    from,
                    unit,
                    of: source.shown,
                    x0: source.x + (k === 1 ? inputWidth + map : unitWidth) + 1,
                    y0: centre(source, from),
                    x1: sink.x - 2,
                    y1: centre(sink, unit),
                });
            }
        }
    }
    return { columns, width: needed, height: total, pitch, map, names: inputWidth, paths };
}

export function NetworkPanel() {
    const box = useRef<HTMLDivElement>(null);
    const size = useSignal<readonly [number, number]>([720, 420]);
    useLayoutEffect(() => {
        const watch = new ResizeObserver(entries => {
            const { width, height } = entries[0]!.contentRect;
            size.value = [Math.floor(width), Math.floor(height)];
        });
        watch.observe(box.current!);
        return () => watch.disconnect();
    }, []);
    const network = state.value?.network;
    const layout = useMemo(
        () => (state.value === undefined ? undefined : arrange(state.value, size.value[0], size.value[1] - 62)),
        [network?.formula, network?.inputs.join('|'), size.value[0], size.value[1]],
    );
    const cells = layout === undefined ? 50 : Math.round(layout.map * Math.min(2, devicePixelRatio));
    useEffect(() => {
        mapCells.value = cells;
        refresh();
    }, [cells]);
    return (
        <section class="network" id="network" aria-label={t('network.title')} data-testid="network">
            <div class="network-scroll" ref={box} tabIndex={-1}>
                {layout !== undefined && <Diagram layout={layout} shown={state.value!} />}
            </div>
        </section>
    );
}

function Diagram({ layout, shown }: { readonly layout: Layout; readonly shown: State }) {
    const grid = useRef<HTMLDivElement>(null);
    const layers = layersOf(shown);
    const hidden = layers.length - 1;
    const chosen = selection.value;
    const focus = useSignal('unit-0-0');
    const biases = useComputed(() => biasReader(state.value, parameters.value));

    const onKey = (event: KeyboardEvent) => {
        const cell = (event.target as HTMLElement).closest<HTMLElement>('[data-cell]');
        if (cell === null) return;
        const [kind, column, unit] = cell.dataset['cell']!.split('-') as [string, string, string];
        const to = neighbourCell(
            layout,
            kind,
            Number(column),
            Number(unit),
            event.key,
            getComputedStyle(grid.current!).direction === 'rtl',
        );
        if (to !== undefined) {
            event.preventDefault();
            focus.value = to;
            grid.current!.querySelector<HTMLElement>(`[data-cell="${to}"]`)?.focus();
        } else if (event.key === 'Enter') {
            event.preventDefault();
            cell.click();
            // Once the unit that was shown before is gone.
            requestAnimationFrame(() => (enterInspector.value = true));
        }
    };

    return (
        <div
            class="diagram"
            data-size={layout.map}
            ref={element => {
                element?.style.setProperty('width', `${layout.width}px`);
                element?.style.setProperty('--map', `${layout.map}px`);
                element?.style.setProperty('--names', `${layout.names}px`);
            }}
        >
            <div class="layer-heads">
                {layout.columns.map((column, k) => (
                    <div
                        key={k}
                        class="layer-head"
                        ref={element => element?.style.setProperty('inset-inline-start', `${column.x}px`)}
                    >
                        {k === 0 ? (
                            <InputsHead units={column.units} />
                        ) : (
                            <LayerHead
                                index={k - 1}
                                hidden={hidden}
                                units={column.units}
                                activation={layers[k - 1]!.activation}
                            />
                        )}
                    </div>
                ))}
                {!hides('layers') && hidden < (hello.value?.limits.layers ?? 8) && (
                    <AddLayer x={layout.columns.at(-1)!.x - 30} />
                )}
            </div>
            <div class="plane" ref={element => element?.style.setProperty('height', `${layout.height}px`)}>
                <Links layout={layout} />
                <div
                    role="grid"
                    aria-label={t('network.grid')}
                    aria-describedby="network-keys"
                    ref={grid}
                    onKeyDown={onKey}
                >
                    {layout.columns.map((column, k) => (
                        <div role="row" key={k} aria-label={k === 0 ? t('network.inputs') : layerName(k - 1, hidden)}>
                            {Array.from({ length: column.shown }, (_, unit) => {
                                const y =
                                    layout.height / 2 + (unit - (Math.min(column.units, most) - 1) / 2) * layout.pitch;
                                return k === 0 ? (
                                    <InputCell
                                        key={unit}
                                        column={column}
                                        unit={unit}
                                        y={y}
                                        name={shown.network.inputs[unit]!}
                                        focus={focus.value}
                                    />
                                ) : (
                                    <UnitCell
                                        key={unit}
                                        column={column}
                                        k={k}
                                        unit={unit}
                                        y={y}
                                        focus={focus.value}
                                        chosen={chosen}
                                        bias={biases.value(column.layer, unit)}
                                        name={unitName(shown, k - 1, hidden, unit)}
                                        onFocus={cell => (focus.value = cell)}
                                    />
                                );
                            })}
                            {column.units > column.shown && (
                                <span
                                    class="and-more"
                                    role="gridcell"
                                    ref={element => {
                                        element?.style.setProperty('inset-inline-start', `${column.x}px`);
                                        element?.style.setProperty(
                                            'top',
                                            `${layout.height / 2 + ((most - 1) / 2) * layout.pitch - 12}px`,
                                        );
                                    }}
                                >
                                    {t('network.more', { count: column.units - column.shown })}
                                </span>
                            )}
                        </div>
                    ))}
                </div>
                <p id="network-keys" class="unseen">
                    {t('network.keys')}
                </p>
            </div>
        </div>
    );
}

/** Reads the bias of a unit out of the flat parameters. */
export function biasReader(shown: State | undefined, values: Float32Array | undefined) {
    const starts = new Map<number, number>();
    for (const tensor of shown?.network.tensors ?? [])
        if (tensor.role === 'bias') starts.set(tensor.layer, tensor.offset);
    return (layer: number, unit: number) => {
        const start = starts.get(layer);
        return start === undefined || values === undefined ? undefined : values[start + unit];
    };
}

/** Reads a weight; rows are what comes in, columns the units. */
export function weightReader(shown: State | undefined, values: Float32Array | undefined) {
    const tensors = new Map(
        (shown?.network.tensors ?? []).filter(tensor => tensor.role === 'weight').map(tensor => [tensor.layer, tensor]),
    );
    return (layer: number, from: number, unit: number) => {
        const tensor = tensors.get(layer);
        return tensor === undefined || values === undefined
            ? Number.NaN
            : values[tensor.offset + from * tensor.columns + unit]!;
    };
}

function Links({ layout }: { readonly layout: Layout }) {
    const canvas = useRef<HTMLCanvasElement>(null);
    const shown = useRef(layout);
    shown.current = layout;
    useLayoutEffect(() => {
        const element = canvas.current!;
        const ratio = Math.min(2, devicePixelRatio);
        element.width = layout.width * ratio;
        element.height = layout.height * ratio;
        element.style.width = `${layout.width}px`;
        element.style.height = `${layout.height}px`;
        draw();
    }, [layout]);
    const draw = () => {
        const context = canvas.current?.getContext('2d');
        const values = parameters.value;
        const chosen = selection.value;
        if (context == null) return;
        const layout = shown.current;
        const ratio = context.canvas.width / layout.width;
        context.setTransform(1, 0, 0, 1, 0, 0);
        context.clearRect(0, 0, context.canvas.width, context.canvas.height);
        const mirrored = getComputedStyle(context.canvas).direction === 'rtl';
        context.setTransform(mirrored ? -ratio : ratio, 0, 0, ratio, mirrored ? context.canvas.width : 0, 0);
        if (values === undefined) return;
        const weight = weightReader(state.value, values);
        const few = layout.paths.length <= 48;
        drawLinks(context, layout.paths, path => weight(path.layer, path.from, path.unit), {
            theme: theme.value,
            chosen: path =>
                chosen.kind === 'link' &&
                chosen.layer === path.layer &&
                chosen.unit === path.unit &&
                chosen.from === path.from,
            glyph: path =>
                few || (chosen.kind === 'unit' && chosen.layer === path.layer && chosen.unit === path.unit)
                    ? 0.84 - 0.4 * ((path.from + 0.5) / path.of)
                    : undefined,
        });
    };
    useSignalEffect(() => {
        void parameters.value;
        void selection.value;
        void theme.value;
        draw();
    });
    const pick = (event: MouseEvent) => {
        const box = canvas.current!.getBoundingClientRect();
        const mirrored = getComputedStyle(canvas.current!).direction === 'rtl';
        const x = ((event.clientX - box.left) / box.width) * layout.width;
        const found = nearestLink(layout.paths, mirrored ? layout.width - x : x, event.clientY - box.top);
        selection.value =
            found === undefined
                ? { kind: 'network' }
                : { kind: 'link', layer: found.layer, unit: found.unit, from: found.from };
    };
    return <canvas ref={canvas} class="links" data-testid="links" aria-hidden="true" onClick={pick} />;
}

function MapCanvas({ maps, index }: { readonly maps: 'inputs' | 'units'; readonly index: number }) {
    const canvas = useRef<HTMLCanvasElement>(null);
    const painter = useRef<MapPainter>(undefined);
    const at = useSignal(index);
    at.value = index;
    useSignalEffect(() => {
        const all: Maps | undefined = maps === 'inputs' ? inputMaps.value : unitMaps.value;
        const table = diverging.value;
        const ink = zeroInk.value;
        if (all === undefined || canvas.current === null) return;
        const cells = all.size * all.size;
        const bytes = all.bytes.subarray(at.value * cells, (at.value + 1) * cells);
        if (bytes.length === cells) {
            painter.current ??= new MapPainter(canvas.current);
            const small = thinned(bytes, all.size, Math.round(all.size / Math.min(all.size, mapCells.value)));
            painter.current.paint(small.bytes, small.size, small.size, table, ink);
        }
    });
    return <canvas ref={canvas} class="map" width={1} height={1} aria-hidden="true" />;
}

function InputCell({
    column,
    unit,
    y,
    name,
    focus,
}: {
    readonly column: Column;
    readonly unit: number;
    readonly y: number;
    readonly name: string;
    readonly focus: string;
}) {
    const cell = `input-0-${unit}`;
    return (
        <div
            class="unit input"
            role="gridcell"
            ref={element => place(element, column.x, y)}
            data-testid={`input-${unit}`}
        >
            <span class="unit-name" title={name}>
                {pretty(name).replaceAll('_', ' ')}
            </span>
            <button
                type="button"
                class="unit-map"
                data-cell={cell}
                tabIndex={focus === cell ? 0 : -1}
                aria-label={t('network.input', { name: pretty(name) })}
                onClick={() => (selection.value = { kind: 'network' })}
            >
                <MapCanvas maps="inputs" index={unit} />
            </button>
        </div>
    );
}

function UnitCell({
    column,
    k,
    unit,
    y,
    focus,
    chosen,
    bias,
    name,
    onFocus,
}: {
    readonly column: Column;
    readonly k: number;
    readonly unit: number;
    readonly y: number;
    readonly focus: string;
    readonly name: string;
    readonly chosen: Selection;
    readonly bias: number | undefined;
    readonly onFocus: (cell: string) => void;
}) {
    const [biasCell, unitCell] = [`bias-${k}-${unit}`, `unit-${k}-${unit}`];
    const first = focus === 'unit-0-0' && k === 1 && unit === 0;
    const isUnit =
        (chosen.kind === 'unit' || chosen.kind === 'link') && chosen.layer === column.layer && chosen.unit === unit;
    const isBias = isUnit && chosen.kind === 'link' && chosen.from === -1;
    const sign = bias === undefined || bias === 0 ? '' : bias < 0 ? 'negative' : 'positive';
    return (
        <div
            class={isUnit ? 'unit chosen' : 'unit'}
            role="gridcell"
            ref={element => place(element, column.x, y)}
            data-testid={`unit-${column.layer}-${unit}`}
        >
            <button
                type="button"
                class={`bias ${sign}${isBias ? ' chosen' : ''}`}
                data-cell={biasCell}
                data-testid={`bias-${column.layer}-${unit}`}
                tabIndex={focus === biasCell ? 0 : -1}
                aria-pressed={isBias}
                aria-label={t('network.bias', { name, value: bias === undefined ? '–' : brief(bias) })}
                onFocus={() => onFocus(biasCell)}
                onClick={() => (selection.value = { kind: 'link', layer: column.layer, unit, from: -1 })}
            >
                {bias === undefined ? '' : (bias > 0 ? '+' : '') + brief(bias)}
            </button>
            <button
                type="button"
                class="unit-map"
                data-cell={unitCell}
                data-testid={`map-${column.layer}-${unit}`}
                tabIndex={focus === unitCell || first ? 0 : -1}
                aria-pressed={isUnit && !isBias}
                aria-label={name}
                onFocus={() => onFocus(unitCell)}
                onClick={() => (selection.value = { kind: 'unit', layer: column.layer, unit })}
            >
                <MapCanvas maps="units" index={column.first + unit} />
            </button>
        </div>
    );
}

function place(element: HTMLElement | null, x: number, y: number): void {
    element?.style.setProperty('inset-inline-start', `${x}px`);
    element?.style.setProperty('top', `${y}px`);
}

export function layerName(index: number, hidden: number): string {
    return index < hidden ? t('network.layer', { number: index + 1 }) : t('network.output');
}

export function unitName(shown: State, index: number, hidden: number, unit: number): string {
    if (index < hidden) return t('network.unit', { unit: unit + 1, layer: index + 1 });
    const named = shown.data.classes.length > 2 ? shown.data.classes[unit] : undefined;
    return named === undefined
        ? t('network.outputUnit', { unit: unit + 1 })
        : t('network.outputClass', { name: named });
}

function neighbourCell(
    layout: Layout,
    kind: string,
    column: number,
    unit: number,
    key: string,
    mirrored: boolean,
): string | undefined {
    const count = (k: number) => layout.columns[k]!.shown;
    const [forward, back] = mirrored ? ['ArrowLeft', 'ArrowRight'] : ['ArrowRight', 'ArrowLeft'];
    const at = (k: number, which: string) => `${k === 0 ? 'input' : which}-${k}-${Math.min(unit, count(k) - 1)}`;
    switch (key) {
        case 'ArrowDown':
            return unit + 1 < count(column) ? `${kind}-${column}-${unit + 1}` : undefined;
        case 'ArrowUp':
            return unit > 0 ? `${kind}-${column}-${unit - 1}` : undefined;
        case 'Home':
            return `${kind}-${column}-0`;
        case 'End':
            return `${kind}-${column}-${count(column) - 1}`;
        case forward:
            return kind === 'bias'
                ? at(column, 'unit')
                : column + 1 < layout.columns.length
                  ? at(column + 1, 'bias')
                  : undefined;
        case back:
            return kind === 'unit' ? at(column, 'bias') : column > 0 ? at(column - 1, 'unit') : undefined;
        default:
            return undefined;
    }
}

function InputsHead({ units }: { readonly units: number }) {
    return (
        <div class="head-title">
            <span>{t('network.inputs')}</span>
            <span class="count">{units}</span>
        </div>
    );
}

function LayerHead({
    index,
    hidden,
    units,
    activation,
}: {
    readonly index: number;
    readonly hidden: number;
    readonly units: number;
    readonly activation: string;
}) {
    const layers = layerTexts();
    const activations = hello.value?.catalogs.activations ?? [];
    const output = index === hidden;
    const chosen = selection.value.kind === 'layer' && selection.value.layer === index;
    const change = (next: readonly string[]) => set({ layers: next.join(',') });
    const name = layerName(index, hidden);
    const layer = layers[index];
    return (
        <>
            <div class="head-title">
                <button
                    type="button"
                    class="linklike"
                    data-testid={output ? 'layer-output' : `layer-${index}`}
                    aria-pressed={chosen}
                    onClick={() => (selection.value = { kind: 'layer', layer: index })}
                >
                    {name}
                </button>
                {!output && !hides('layers') && (
                    <Button
                        label={t('network.remove', { name })}
                        icon="close"
                        kind="quiet"
                        testid={`layer-${index}-remove`}
                        onPress={() => change(layers.filter((_, k) => k !== index))}
                    />
                )}
            </div>
            <div class="head-row">
                {output ? (
                    <span class="count">{units}</span>
                ) : hides('layers') ? (
                    <span class="count">{units}</span>
                ) : (
                    <Stepper
                        label={t('network.units', { name })}
                        testid={`layer-${index}-units`}
                        value={units}
                        min={1}
                        max={hello.value?.limits.units ?? 16}
                        onSet={value => change(layers.map((text, k) => (k === index ? withUnits(text, value) : text)))}
                    />
                )}
                {!hides('activation') && (
                    <Select
                        label={t('network.activation', { name })}
                        testid={output ? 'output-activation' : `layer-${index}-activation`}
                        hideLabel
                        value={nameOf(output ? setting('output', activation) : activation)}
                        options={[
                            ...(output
                                ? [{ value: 'auto', text: t('auto', { value: nameOf(state.value!.resolved.output) }) }]
                                : []),
                            ...activations.map(entry => ({
                                value: entry.name,
                                text: entry.name.replaceAll('_', ' '),
                                hint: entry.summary,
                            })),
                        ]}
                        onPick={value =>
                            output
                                ? set({ output: value })
                                : change(
                                      layers.map((text, k) =>
                                          k === index ? withActivation(layer ?? text, value) : text,
                                      ),
                                  )
                        }
                    />
                )}
            </div>
        </>
    );
}

function AddLayer({ x }: { readonly x: number }) {
    return (
        <div class="add-layer" ref={element => element?.style.setProperty('inset-inline-start', `${x}px`)}>
            <Button
                label={t('network.add')}
                icon="plus"
                testid="layer-add"
                onPress={() => {
                    const layers = layerTexts();
                    void set({ layers: [...layers, layers.at(-1) ?? '4'].join(',') });
                }}
            />
        </div>
    );
}
