// Regions (L4, L6): each hidden unit cuts the plane with a line, lines make cells, and the next layer combines them.

import { Button, Check, Select, Slider } from '../parts/controls';
import type { Frame as Measured } from '../protocol';
import { clock, consult, measures, refresh, reset, set, setPlaying, state } from '../session';
import { texts } from '../text';
import { percent, show, whole } from '../text/numbers';
import { lower } from '../text/symbols';
import './cells.css';
import { CellMap, CellTable, decision, PlanePoints, TraceLines, type Regions } from './cells';
import { Figure, frameOf, Handle, Numbers, Refused } from './parts';
import { choice, named, number, put, useReply, type Scene } from './scene';

const own = texts({
    text1: 'A hidden unit is on where w·x + b is 0 or more: it cuts the plane with a line. Several lines cut it into cells, and in each cell other units are on. 101 means: the first and the third are on, the second is off.',
    text2: 'The next layer sees only which units are on, and how much. If its weights ask for all of them it is an AND, and its region is what the lines enclose; if one is enough it is an OR. So half planes become corners, bands, triangles, and with another layer unions of these.',
    'try-train': 'Train three lines around a disc: the cell in the middle turns blue',
    'try-xor': 'XOR with two lines: the band between them',
    'try-deep': 'A second hidden layer: its units’ regions are no longer half planes',
    'try-why': 'Why is this point blue? Follow one point through the network',
    ask: 'Three lines enclose the disc in a triangle; only its corners catch a few points of the ring. A hidden layer of two units, as long in training, 300 epochs, gets',
    same: 'as many points right',
    worse: 'fewer right: its region stays open on one side',
    because:
        'Two lines make at most four cells, none of them closed: a wedge or a band reaches to the edge of the plane. From three lines on there is a cell that is closed on all sides.',
    'note-1': 'n lines in general position make 1 + n + n(n−1)/2 cells: 4, 7, 11. Count them in the table.',
    'note-2': 'XOR: neither line does it alone. The perceptron’s scene proves it; here two of them and an AND do it.',
    plane: 'The plane of the inputs, cut into cells by the units',
    layer: 'Cells of',
    hidden: 'hidden layer {k}',
    output: 'the output',
    points: 'Show the training points',
    why: 'Why this point?',
    middle: 'Follow the point in the middle',
    point: 'The point that is traced',
    no: 'No point',
    unit: 'Line of unit',
    none: 'none stressed',
    epochs: 'Epochs',
    right: 'Training points right',
    cells: 'Cells',
    and: 'The next unit is an AND of these: on only where all of it holds.',
    or: 'The next unit is an OR of these: on where one of it holds.',
    one: 'The next unit follows one of these alone.',
    constant: 'The next unit is always {text}, whatever these say.',
    threshold: 'The next unit weighs them: on where the sum Σ w·y + b reaches 0. No single AND or OR says that.',
    open: 'These units have no upper end, so the next layer weighs how far on they are; no AND or OR of on and off says it all.',
    sum: 'its sum: {sum}',
    story: 'The point lies in cell {on}. The output’s sum is {field}: {decision}.',
});

const layerOf = () => Math.min(Math.round(number('layer', 0)), (state.value?.network.layers.length ?? 1) - 1);
const pointOf = (): readonly [number, number] | undefined => {
    const [x, y] = [number('x', Number.NaN), number('y', Number.NaN)];
    return Number.isFinite(x) && Number.isFinite(y) ? [x, y] : undefined;
};
const tenth = (value: number) => Math.round(value * 20) / 20;

function Picture() {
    const point = pointOf();
    const layer = layerOf();
    const { reply, refused } = useReply<Regions>(
        { do: 'regions', layer, size: 120, ...(point === undefined ? {} : { at: point }) },
        `${state.value?.version} ${state.value?.timeline} ${clock.value?.step}`,
    );
    const said = reply?.header;
    const codes = reply?.blocks['codes'] as Int32Array | undefined;
    const map = reply?.blocks['map'] as Uint8Array | undefined;
    if (said === undefined || codes === undefined || map === undefined) return <Refused text={refused} />;
    const [x0, x1, y0, y1] = said.domain;
    const frame = frameOf({ x: [x0, x1], y: [y0, y1] }, 560, 540);
    const layers = state.value?.network.layers ?? [];
    const stressed = Math.round(number('unit', 0));
    const next = said.next[0];
    const place = (x: number, y: number) =>
        put({ x: tenth(Math.min(x1, Math.max(x0, x))), y: tenth(Math.min(y1, Math.max(y0, y))) });
    const last = said.trace?.layers.at(-1)?.[0];
    const reach = (x1 - x0) / 40;
    return (
        <>
            <Refused text={refused} />
            <div class="side-by-side">
                <figure>
                    <CellMap
                        reply={said}
                        codes={codes}
                        map={map}
                        focus={said.trace?.on}
                        chosen={layer === 0 ? stressed - 1 : undefined}
                        frame={frame}
                        label={own('plane')}
                        x="x₁"
                        y="x₂"
                        testid="regions-plane"
                        onPlace={place}
                        above={
                            point !== undefined && (
                                <Handle
                                    frame={frame}
                                    x={point[0]}
                                    y={point[1]}
                                    label={own('point')}
                                    text={`${show(point[0], 3)}, ${show(point[1], 3)}`}
                                    testid="regions-point"
                                    onMove={place}
                                    onNudge={(right, up) => place(point[0] + right * reach, point[1] + up * reach)}
                                />
                            )
                        }
                    >
                        {choice('points', ['yes', 'no'], 'yes') === 'yes' && <PlanePoints frame={frame} />}
                    </CellMap>
                </figure>
                <div class="stack">
                    <div class="figures">
                        <Figure name={own('cells')} testid="regions-cells">
                            {whole(said.cells.length)}
                        </Figure>
                        <Figure name={own('right')} testid="regions-accuracy">
                            {measures.value?.train.accuracy == null ? '–' : percent(measures.value.train.accuracy)}
                        </Figure>
                        <Figure name={own('epochs')} testid="regions-epochs">
                            {whole(clock.value?.epoch ?? 0)}
                        </Figure>
                    </div>
                    {next !== undefined && (
                        <div data-testid="regions-combination">
                            {next.text !== '' && next.kind !== 'constant' && (
                                <p class="combination">
                                    {next.text.replace(/y(\d+)/g, (_, k: string) => `y${lower(Number(k))}`)}
                                </p>
                            )}
                            <p>{own(next.kind, { text: next.text })}</p>
                            <p class="note">
                                {own('sum', {
                                    sum: `${next.weights.map((w, k) => `${show(w, 3)}·y${lower(k + 1)}`).join(' + ')} + ${show(next.bias, 3)}`.replaceAll(
                                        '+ −',
                                        '− ',
                                    ),
                                })}
                            </p>
                        </div>
                    )}
                    <CellTable
                        reply={said}
                        focus={said.trace?.on}
                        testid="regions-table"
                        onPick={cell => place(...cell.at)}
                    />
                    <div class="controls-grid">
                        <Select
                            label={own('layer')}
                            testid="regions-layer"
                            value={String(layer)}
                            options={layers.map((_, k) => ({
                                value: String(k),
                                text: k === layers.length - 1 ? own('output') : own('hidden', { k: k + 1 }),
                            }))}
                            onPick={value => put({ layer: Number(value) })}
                        />
                        {layer === 0 && (
                            <Slider
                                label={own('unit')}
                                testid="regions-unit"
                                value={stressed}
                                min={0}
                                max={said.units}
                                step={1}
                                show={value => (value === 0 ? own('none') : `y${lower(value)}`)}
                                onSet={unit => put({ unit: unit === 0 ? undefined : unit })}
                            />
                        )}
                    </div>
                    <Check
                        label={own('points')}
                        testid="regions-points"
                        on={choice('points', ['yes', 'no'], 'yes') === 'yes'}
                        onSet={on => put({ points: on ? undefined : 'no' })}
                    />
                </div>
            </div>
            <section class="stack">
                <div class="row">
                    <h3>{own('why')}</h3>
                    {point === undefined ? (
                        <Button label={own('middle')} testid="regions-why" onPress={() => place(0, 0)} />
                    ) : (
                        <Button
                            label={own('no')}
                            testid="regions-no-point"
                            onPress={() => put({ x: undefined, y: undefined })}
                        />
                    )}
                </div>
                {said.trace !== undefined && last !== undefined && (
                    <>
                        <p class="story" role="status" data-testid="regions-story">
                            {own('story', {
                                on: said.trace.on,
                                field: show(last.field, 3),
                                decision: decision(last.field),
                            })}
                        </p>
                        <TraceLines trace={said.trace} testid="regions-trace" />
                    </>
                )}
            </section>
            <Numbers
                testid="regions-numbers"
                columns={['', 'w₁', 'w₂', 'b']}
                rows={(said.lines ?? []).map((line, k) => [`y${lower(k + 1)}`, ...line])}
            />
        </>
    );
}

const base = { activation: 'tanh', optimizer: 'momentum', learningRate: 0.1, batch: 10, train: 1, rows: 240, noise: 0 };

/** Other data and another network, from its first weights, in training. */
async function play(values: Readonly<Record<string, string | number>>): Promise<void> {
    put({ layer: undefined, unit: undefined, x: undefined, y: undefined });
    await set({ ...base, ...values });
    await reset();
    setPlaying(true);
}

/** The share of the disc's points that a hidden layer of so many units gets right after 300 epochs. */
async function rightWith(units: string): Promise<number> {
    await set({ ...base, data: 'circle', layers: units, seed: 2 });
    await reset();
    const { header } = await consult<Measured>({
        do: 'frame',
        budget: 60_000,
        train: true,
        updates: 300 * 24,
        want: { measures: true },
    });
    return header.measures?.train.accuracy ?? 0;
}

const scene: Scene = {
    begin: { ...base, data: 'circle', layers: '3', seed: 2, stop: 'target(train.loss<0.01)' },
    trains: true,
    wants: { parameters: true, measures: true },
    text: () => [own('text1'), own('text2')],
    Picture,
    tries: [
        { name: 'train', text: () => own('try-train'), press: () => play({ data: 'circle', layers: '3', seed: 2 }) },
        { name: 'xor', text: () => own('try-xor'), press: () => play({ data: 'corners', layers: '2', seed: 3 }) },
        {
            name: 'deep',
            text: () => own('try-deep'),
            press: async () => {
                await play({ data: 'spiral', layers: '8,6', seed: 1 });
                put({ layer: 1 });
            },
        },
        { name: 'why', text: () => own('try-why'), press: () => put({ x: 0.5, y: 0.5 }) },
    ],
    question: {
        text: () => own('ask'),
        options: named(own, 'same', 'worse'),
        run: async () => {
            put({ layer: undefined, unit: undefined, x: undefined, y: undefined });
            const [three, two] = [await rightWith('3'), await rightWith('2')];
            refresh();
            return two < three ? 'worse' : 'same';
        },
        because: () => own('because'),
    },
    notes: () => [own('note-1'), own('note-2')],
};
export default scene;
