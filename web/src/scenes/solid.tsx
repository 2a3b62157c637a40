// Three inputs (L6): each unit is a plane, planes cut space into cells, and the decision surface is a solid.

import { border, boxLines, fan, planePiece, surfaceOf, type Part, type Point3 } from '../draw/solid';
import { theme } from '../look/theme';
import { Check, Select, Slider } from '../parts/controls';
import type { Frame as Measured, Reply } from '../protocol';
import { clock, consult, measures, refresh, reset, set, setPlaying, state } from '../session';
import { texts } from '../text';
import { percent, show, whole } from '../text/numbers';
import { lower } from '../text/symbols';
import './cells.css';
import { CellMap, CellTable, decision, TraceLines, type Regions } from './cells';
import { Figure, frameOf, Handle, Numbers, Refused } from './parts';
import { choice, named, number, put, useReply, type Scene } from './scene';
import { Space } from './space';

interface Solid extends Reply {
    readonly domain: readonly number[];
    readonly level: number | null;
}

const own = texts({
    text1: 'With three inputs a unit is on where w₁x₁ + w₂x₂ + w₃x₃ + b is 0 or more: it cuts space with a plane. Planes cut space into cells, and the next layer puts cells together to a solid. Inside it the network says blue.',
    text2: 'Nobody sees four inputs, or four hundred, but it is the same there: planes, cells, and a region put together of them. A slice through the solid is the picture of the scene “Regions”.',
    'try-train': 'Train: four planes close in on a ball',
    'try-slice': 'Go through it, slice by slice',
    'try-one': 'Look at one unit’s plane alone, then at the next',
    'try-helix': 'Two strands of a helix, twelve units',
    ask: 'In the plane three lines enclose a disc. How many planes does it take at least to enclose a ball? Try it with three units, 200 epochs: all points right?',
    yes: 'all right with three',
    no: 'not all right with three',
    because:
        'Three planes leave a way out: a wedge or a prism without end. The smallest solid that planes enclose has four faces, the tetrahedron. With n inputs it takes n + 1.',
    'note-1': 'Turn it slowly while it trains; let them say which plane will move next.',
    'note-2': 'Each plane’s arrow of weights is its normal, as the line’s was in the perceptron’s scene.',
    space: 'The space of the three inputs: points, planes of the first layer, and the decision surface',
    slice: 'A slice through it, cut into cells',
    axis: 'Slice across',
    at: 'at',
    unit: 'Plane of unit',
    every: 'all',
    surface: 'Decision surface',
    points: 'Points',
    planes: 'Planes',
    epochs: 'Epochs',
    right: 'Training points right',
    cells: 'Cells in this slice',
    point: 'The point that is traced',
    story: 'The point lies in cell {on}. The output’s sum is {field}: {decision}.',
    layer: 'Layer',
});

const axisOf = () => Math.min(2, Math.max(0, Math.round(number('axis', 2))));
const shows = (what: 'surface' | 'points' | 'planes') => choice(what, ['yes', 'no'], 'yes') === 'yes';
const half = (value: number) => Math.round(value * 10) / 10;

function Picture() {
    const when = `${state.value?.version} ${state.value?.timeline} ${clock.value?.step}`;
    const axis = axisOf();
    const level = number('level', 0);
    const shown = [0, 1, 2].filter(k => k !== axis) as [number, number];
    const point = [number('p0', Number.NaN), number('p1', Number.NaN)] as const;
    const at = Number.isFinite(point[0] + point[1])
        ? [0, 1, 2].map(k => (k === axis ? level : point[shown.indexOf(k)]!))
        : undefined;
    const solid = useReply<Solid>({ do: 'solid', size: 26 }, when);
    const plane = useReply<Regions>(
        { do: 'regions', size: 80, hold: [axis, level], ...(at === undefined ? {} : { at }) },
        when,
    );
    const domain = solid.reply?.header.domain ?? [-5, 5, -5, 5, -5, 5];
    const unit = Math.round(number('unit', 0));
    const colours = theme.value;
    const said = plane.reply?.header;
    return (
        <>
            <Refused text={solid.refused || plane.refused} />
            <div class="side-by-side">
                <div class="stack">
                    <figure>
                        <Space
                            label={own('space')}
                            testid="solid-space"
                            when={[solid.reply, colours, axis, level, unit, shows('surface'), shows('points'), shows('planes')].map(idOf).join()} // prettier-ignore
                            parts={() =>
                                solid.reply === undefined
                                    ? []
                                    : partsOf(solid.reply.header, solid.reply.blocks, axis, level, unit)
                            }
                        />
                    </figure>
                    {said !== undefined && (
                        <CellTable
                            reply={said}
                            focus={said.trace?.on}
                            testid="solid-table"
                            onPick={cell => put({ p0: half(cell.at[0]), p1: half(cell.at[1]) })}
                        />
                    )}
                </div>
                <div class="stack">
                    <div class="figures">
                        <Figure name={own('right')} testid="solid-accuracy">
                            {measures.value?.train.accuracy == null ? '–' : percent(measures.value.train.accuracy)}
                        </Figure>
                        <Figure name={own('epochs')} testid="solid-epochs">
                            {whole(clock.value?.epoch ?? 0)}
                        </Figure>
                        <Figure name={own('cells')} testid="solid-cells">
                            {whole(said?.cells.length ?? 0)}
                        </Figure>
                    </div>
                    {said !== undefined && (
                        <Slice
                            said={said}
                            codes={plane.reply!.blocks['codes'] as Int32Array}
                            map={plane.reply!.blocks['map'] as Uint8Array}
                            point={at === undefined ? undefined : point}
                            unit={unit}
                        />
                    )}
                    <div class="controls-grid">
                        <Select
                            label={own('axis')}
                            testid="solid-axis"
                            value={String(axis)}
                            options={[0, 1, 2].map(k => ({ value: String(k), text: `x${lower(k + 1)}` }))}
                            onPick={to => put({ axis: Number(to), p0: undefined, p1: undefined })}
                        />
                        <Slider
                            label={`x${lower(axis + 1)} ${own('at')}`}
                            testid="solid-level"
                            value={level}
                            min={Math.ceil(domain[2 * axis]! * 2) / 2}
                            max={Math.floor(domain[2 * axis + 1]! * 2) / 2}
                            step={0.5}
                            show={value => show(value, 2)}
                            onSet={to => put({ level: to })}
                        />
                        <Slider
                            label={own('unit')}
                            testid="solid-unit"
                            value={unit}
                            min={0}
                            max={state.value?.network.layers[0]?.units ?? 0}
                            step={1}
                            show={value => (value === 0 ? own('every') : `y${lower(value)}`)}
                            onSet={to => put({ unit: to === 0 ? undefined : to })}
                        />
                    </div>
                    {(['surface', 'planes', 'points'] as const).map(what => (
                        <Check
                            key={what}
                            label={own(what)}
                            testid={`solid-${what}`}
                            on={shows(what)}
                            onSet={on => put({ [what]: on ? undefined : 'no' })}
                        />
                    ))}
                </div>
            </div>
            {said?.trace !== undefined && (
                <>
                    <p class="story" role="status" data-testid="solid-story">
                        {own('story', {
                            on: said.trace.on,
                            field: show(said.trace.layers.at(-1)![0]!.field, 3),
                            decision: decision(said.trace.layers.at(-1)![0]!.field),
                        })}
                    </p>
                    <TraceLines trace={said.trace} testid="solid-trace" />
                </>
            )}
            <Numbers
                testid="solid-numbers"
                columns={['', 'w₁', 'w₂', 'w₃', 'b']}
                rows={planesOf(solid.reply?.blocks['planes']).map((p, k) => [`y${lower(k + 1)}`, ...p])}
            />
        </>
    );
}

// What an object is as text, for comparing: the same while it is the same.
const ids = new WeakMap<object, number>();
let given = 0;
function idOf(value: unknown): unknown {
    if (typeof value !== 'object' || value === null) return value;
    if (!ids.has(value)) ids.set(value, ++given);
    return ids.get(value);
}

function Slice({
    said,
    codes,
    map,
    point,
    unit,
}: {
    readonly said: Regions;
    readonly codes: Int32Array;
    readonly map: Uint8Array;
    readonly point: readonly [number, number] | undefined;
    readonly unit: number;
}) {
    const [x0, x1, y0, y1] = said.domain;
    const frame = frameOf({ x: [x0, x1], y: [y0, y1] }, 420, 380);
    const place = (x: number, y: number) =>
        put({ p0: half(Math.min(x1, Math.max(x0, x))), p1: half(Math.min(y1, Math.max(y0, y))) });
    return (
        <CellMap
            reply={said}
            codes={codes}
            map={map}
            focus={said.trace?.on}
            chosen={unit - 1}
            frame={frame}
            label={own('slice')}
            x={`x${lower(said.axes[0] + 1)}`}
            y={`x${lower(said.axes[1] + 1)}`}
            testid="solid-slice"
            onPlace={place}
            above={
                point !== undefined && (
                    <Handle
                        frame={frame}
                        x={point[0]}
                        y={point[1]}
                        label={own('point')}
                        text={point.map(value => show(value, 3)).join(', ')}
                        testid="solid-point"
                        onMove={place}
                        onNudge={(right, up) => place(point[0] + right / 5, point[1] + up / 5)}
                    />
                )
            }
        />
    );
}

function planesOf(block: ArrayLike<number> | undefined): (readonly [number, number, number, number])[] {
    return Array.from({ length: (block?.length ?? 0) / 4 }, (_, k) => [block![4 * k]!, block![4 * k + 1]!, block![4 * k + 2]!, block![4 * k + 3]!]); // prettier-ignore
}

/** Everything that stands in the box from −1 to 1: the space of the inputs, brought to it. */
function partsOf(
    header: Solid,
    blocks: Readonly<Record<string, ArrayLike<number>>>,
    axis: number,
    level: number,
    unit: number,
): Part[] {
    const { domain } = header;
    const colours = theme.value;
    const middle = [0, 1, 2].map(k => (domain[2 * k]! + domain[2 * k + 1]!) / 2);
    const reach = [0, 1, 2].map(k => (domain[2 * k + 1]! - domain[2 * k]!) / 2);
    const boxed = (k: number, value: number) => (value - middle[k]!) / reach[k]!;
    const parts: Part[] = [{ kind: 'lines', corners: boxLines, colour: colours.edge }];
    const [points, targets] = [blocks['points']!, blocks['targets']!];
    if (shows('points'))
        for (const positive of [false, true]) {
            const corners: number[] = [];
            for (let row = 0; row < targets.length; row++)
                if (targets[row]! > 0 === positive)
                    for (let k = 0; k < 3; k++) corners.push(boxed(k, points[3 * row + k]!));
            parts.push({
                kind: positive ? 'wedges' : 'rounds',
                corners: Float32Array.from(corners),
                colour: positive ? colours.positiveInk : colours.negativeInk,
                size: positive ? 13 : 9,
            });
        }
    const pieces = planesOf(blocks['planes'])
        .filter((_, k) => unit === 0 || k === unit - 1)
        .map(([a, b, c, d]) => {
            const scaled: Point3 = [a * reach[0]!, b * reach[1]!, c * reach[2]!];
            return planePiece(scaled, d + a * middle[0]! + b * middle[1]! + c * middle[2]!);
        });
    const across = planePiece([0, 1, 2].map(k => (k === axis ? 1 : 0)) as unknown as Point3, -boxed(axis, level));
    parts.push({ kind: 'lines', corners: Float32Array.from(border(across)), colour: colours.focus });
    if (shows('planes'))
        parts.push({ kind: 'lines', corners: Float32Array.from(pieces.flatMap(border)), colour: colours.ink });
    if (shows('surface'))
        parts.push({
            kind: 'triangles',
            corners: surfaceOf(blocks['values']!, Math.round(Math.cbrt(blocks['values']!.length)), header.level ?? 0),
            colour: colours.positive,
            alpha: 0.6,
        });
    if (shows('planes'))
        parts.push({
            kind: 'triangles',
            corners: Float32Array.from(pieces.flatMap(fan)),
            colour: colours.quiet,
            alpha: unit === 0 ? 0.14 : 0.35,
        });
    return parts;
}

const base = {
    activation: 'tanh',
    optimizer: 'momentum',
    learningRate: 0.1,
    batch: 10,
    train: 1,
    rows: 300,
    scaling: 'none',
    seed: 2,
};

async function play(values: Readonly<Record<string, string | number>>): Promise<void> {
    put({ unit: undefined, p0: undefined, p1: undefined });
    await set({ ...base, ...values });
    await reset();
    setPlaying(true);
}

const scene: Scene = {
    begin: { ...base, data: 'ball', layers: '4', stop: 'target(train.loss<0.01)' },
    trains: true,
    wants: { parameters: true, measures: true },
    text: () => [own('text1'), own('text2')],
    Picture,
    tries: [
        { name: 'train', text: () => own('try-train'), press: () => play({ data: 'ball', layers: '4' }) },
        {
            name: 'slice',
            text: () => own('try-slice'),
            press: () => put({ level: number('level', 0) >= 3 ? -3 : number('level', 0) + 1 }),
        },
        {
            name: 'one',
            text: () => own('try-one'),
            press: () =>
                put({ unit: (Math.round(number('unit', 0)) % (state.value?.network.layers[0]?.units ?? 1)) + 1 }),
        },
        { name: 'helix', text: () => own('try-helix'), press: () => play({ data: 'helix', layers: '12' }) },
    ],
    question: {
        text: () => own('ask'),
        options: named(own, 'yes', 'no'),
        run: async () => {
            put({ unit: undefined, p0: undefined, p1: undefined });
            await set({ ...base, data: 'ball', layers: '3' });
            await reset();
            const { header } = await consult<Measured>({
                do: 'frame',
                budget: 60_000,
                train: true,
                updates: 200 * 30,
                want: { measures: true },
            });
            refresh();
            return header.measures?.train.accuracy === 1 ? 'yes' : 'no';
        },
        because: () => own('because'),
    },
    notes: () => [own('note-1'), own('note-2')],
};
export default scene;
