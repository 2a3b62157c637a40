// Learning rates (L18): how large the gradient is layer by layer, and one η for all against a rate for each layer.

import { Button, Select, Slider } from '../parts/controls';
import type { Reply } from '../protocol';
import { consult, set, setting, state } from '../session';
import { texts } from '../text';
import { show, whole } from '../text/numbers';
import { Legend, Lines, lineFrame, lineKinds, above, type Line } from './chart';
import { Figure, frameOf, Numbers, Plot, Refused } from './parts';
import './rates.css';
import { named, number, put, start, useReply, useRested, type Scene } from './scene';

interface Rates extends Reply {
    readonly ways: readonly {
        readonly factors: readonly number[];
        readonly rates: readonly number[];
        readonly loss: number;
        readonly updates: number;
        readonly diverged: boolean;
    }[];
}

const own = texts({
    text1: 'The error flows backward through every layer, and each sigmoid multiplies it by a slope of at most ¼. So the first layers get small gradients and learn slowly. Layers should learn at the same pace: a smaller η in the last layers.',
    text2: 'A unit with many inputs adds up many changes at once, so it should have a smaller η: LeCun takes η in proportion to 1/√(inputs of the unit). Three networks learn from the same weights, on all examples at once.',
    'try-deep': 'Four layers of sigmoids: how small is the gradient of the first?',
    'try-tanh': 'The same with tanh, whose slope is up to 1',
    'try-hold': 'Hold the first layer still: its factor is 0',
    ask: 'Same start, same η. With factors 4, 2, 1 from first to last layer, or with 1, 1, 1: which has the lower cost after 400 updates?',
    one: 'one η for all',
    layers: 'a rate for each layer',
    lecun: '1/√inputs',
    because:
        'The last layers already had gradients large enough. The first ones were slow, and larger steps there cost nothing at the end of the network. With other data or far larger rates it can be the other way round: try.',
    'note-1':
        'Compare the second bars: what one update changes, as a share of the weights. That is the pace. Alike bars are what the slide asks for.',
    'note-2':
        'Only the pattern of 1/√inputs counts, so it has an η of its own here. Adam and its like divide by the gradient’s size and do much of this by themselves.',
    gradient: 'Gradient of each layer (root mean square)',
    pace: 'What the next update changes, as a share of the weights',
    cost: 'Cost',
    curves: 'The cost on the way',
    update: 'update',
    layer: 'Layer {k}',
    layerInputs: 'Layer {k} ({count} inputs)',
    way: 'Rates',
    end: 'Cost after {count} updates',
    at: 'Look at update',
    rate: 'Learning rate η',
    rateLecun: 'η of 1/√inputs',
    factor: 'Factor of layer {k}',
    updates: 'Updates',
    activation: 'φ of the hidden layers',
    take: 'Train the network with these factors',
    diverged: 'grew without end',
    rateOf: 'η of layer {k}',
    gradientOf: '|∂C/∂w| of layer {k}',
    paceOf: 'change of layer {k}',
});

const names = ['one', 'layers', 'lecun'] as const;
const depth = () => state.value?.network.layers.length ?? 3;
/** 4, 2, 1 of three layers: smaller in the last. */
const factorsOf = () => Array.from({ length: depth() }, (_, k) => number(`f${k}`, 2 ** (depth() - 1 - k)));
const asked = () => {
    const [rate, updates] = [number('rate', 0.5), Math.round(number('updates', 400))];
    return {
        do: 'rates',
        updates,
        every: Math.max(1, Math.round(updates / 50)),
        ways: [
            { learningRate: rate },
            { learningRate: rate, factors: factorsOf().join(',') },
            { learningRate: number('rateLecun', 1.5), factors: 'lecun' },
        ],
    };
};

function Picture() {
    const layers = depth();
    const { reply, refused } = useReply<Rates>(asked(), useRested());
    const width = 2 + 3 * layers;
    const ways = reply?.header.ways ?? [];
    if (reply === undefined || ways.some((way, k) => way.factors.length !== layers || reply.blocks[`way${k}`] === undefined))
        return <Refused text={refused} />; // prettier-ignore
    const tables = ways.map((_, k) => {
        const block = reply.blocks[`way${k}`] as Float64Array;
        return Array.from({ length: block.length / width }, (_, row) => block.subarray(row * width, (row + 1) * width));
    });
    const longest = tables.reduce((most, table) => Math.max(most, table.length), 0);
    const looked = Math.min(longest - 1, Math.max(0, Math.round(number('at', 0))));
    const rows = tables.map(table => table[Math.min(table.length - 1, looked)]!);
    // After the last update no further one is made: the pace is that of the one before.
    const paced = tables.map(table => table[Math.max(0, Math.min(table.length - 2, looked))]!);
    const lines: Line[] = tables.map((table, k) => ({
        name: own(names[k]!),
        kind: lineKinds[k]!,
        xs: table.map(row => row[0]!),
        ys: table.map(row => row[1]!),
    }));
    const updates = asked().updates;
    const frame = lineFrame(
        { x: [0, updates], y: above(lines.flatMap(line => Array.from(line.ys)), 4 * (lines[0]!.ys[0] ?? 1)) },
        620,
        300,
    ); // prettier-ignore
    const step = tables[0]![Math.min(tables[0]!.length - 1, looked)]![0]!;
    return (
        <>
            <Refused text={refused} />
            <div class="figures">
                {ways.map((way, k) => (
                    <Figure key={k} name={own(names[k]!)} testid={`rates-loss-${names[k]}`}>
                        {way.diverged ? own('diverged') : show(way.loss)}
                    </Figure>
                ))}
            </div>
            <div class="side-by-side">
                <div class="stack">
                    <Legend lines={lines} />
                    <Bars
                        label={own('gradient')}
                        testid="rates-gradient"
                        values={rows.map(row => Array.from({ length: layers }, (_, l) => row[2 + 3 * l]!))}
                    />
                    <Bars
                        label={own('pace')}
                        testid="rates-pace"
                        values={paced.map(row =>
                            Array.from({ length: layers }, (_, l) => row[4 + 3 * l]! / row[3 + 3 * l]!),
                        )}
                    />
                    <Lines
                        lines={lines}
                        frame={frame}
                        label={own('curves')}
                        x={own('update')}
                        y={own('cost')}
                        testid="rates-curves"
                        onPlace={x => put({ at: Math.round(x / asked().every) })}
                    >
                        <path class="drop" d={`M${frame.px(step)} ${frame.py(0)}V${frame.py(frame.y[1])}`} />
                    </Lines>
                </div>
                <div class="stack">
                    <table class="rate-table" data-testid="rates-table">
                        <thead>
                            <tr>
                                <th scope="col">{own('way')}</th>
                                {Array.from({ length: layers }, (_, l) => (
                                    <th key={l} scope="col">
                                        {own('rateOf', { k: l + 1 })}
                                    </th>
                                ))}
                            </tr>
                        </thead>
                        <tbody>
                            {ways.map((way, k) => (
                                <tr key={k}>
                                    <th scope="row">{own(names[k]!)}</th>
                                    {way.rates.map((rate, l) => (
                                        <td key={l}>{show(rate, 3)}</td>
                                    ))}
                                </tr>
                            ))}
                        </tbody>
                    </table>
                    <Slider
                        label={own('at')}
                        testid="rates-at"
                        value={looked}
                        min={0}
                        max={longest - 1}
                        step={1}
                        show={at => whole(tables[0]![Math.min(tables[0]!.length - 1, at)]![0]!)}
                        onSet={at => put({ at })}
                    />{' '}
                    {/* prettier-ignore */}
                    <Slider label={own('rate')} testid="rates-rate" value={number('rate', 0.5)} min={0.1} max={5} step={0.1} show={value => show(value, 2)} onSet={rate => put({ rate })} />{' '}
                    {/* prettier-ignore */}
                    {factorsOf().map(
                        (factor, k) =>
                        <Slider key={k} label={own('factor', { k: k + 1 })} testid={`rates-factor-${k}`} value={factor} min={0} max={16} step={0.5} show={value => show(value, 2)} onSet={value => put({ [`f${k}`]: value })} />, // prettier-ignore
                    )}
                    <Slider
                        label={own('rateLecun')}
                        testid="rates-lecun"
                        value={number('rateLecun', 1.5)}
                        min={0.1}
                        max={10}
                        step={0.1}
                        show={value => show(value, 2)}
                        onSet={rateLecun => put({ rateLecun })}
                    />{' '}
                    {/* prettier-ignore */}
                    <Slider label={own('updates')} testid="rates-updates" value={updates} min={50} max={1000} step={50} show={whole} onSet={value => put({ updates: value, at: undefined })} />{' '}
                    {/* prettier-ignore */}
                    <Select
                        label={own('activation')}
                        testid="rates-activation"
                        value={setting('activation', 'sigmoid')}
                        options={[...new Set(['sigmoid', 'tanh', 'relu', setting('activation', 'sigmoid')])].map(
                            value => ({ value, text: value }),
                        )}
                        onPick={activation => void set({ activation })}
                    />
                    <Button
                        label={own('take')}
                        testid="rates-take"
                        onPress={() =>
                            void set({ learningRate: number('rate', 0.5), layerRates: factorsOf().join(',') })
                        }
                    />
                    <Numbers
                        testid="rates-numbers"
                        columns={[
                            own('way'),
                            own('update'),
                            own('cost'),
                            ...Array.from({ length: layers }, (_, l) => [
                                own('gradientOf', { k: l + 1 }),
                                own('paceOf', { k: l + 1 }),
                            ]).flat(),
                        ]}
                        rows={tables.flatMap((table, k) =>
                            table.map(row => [
                                own(names[k]!),
                                String(row[0]),
                                row[1]!,
                                ...Array.from({ length: layers }, (_, l) => [
                                    row[2 + 3 * l]!,
                                    row[4 + 3 * l]! / row[3 + 3 * l]!,
                                ]).flat(),
                            ]),
                        )}
                    />
                </div>
            </div>
        </>
    );
}

/** A group of three bars for each layer, on a logarithmic scale: gradients of layers differ by powers of ten. */
function Bars({
    values,
    label,
    testid,
}: {
    readonly values: readonly (readonly number[])[];
    readonly label: string;
    readonly testid: string;
}) {
    const all = values.flat().filter(value => value > 0 && Number.isFinite(value));
    const top = all.length === 0 ? 0 : Math.ceil(Math.log10(Math.max(...all)) + 0.05);
    const bottom = Math.min(top - 2, all.length === 0 ? -1 : Math.floor(Math.log10(Math.min(...all)) - 0.05));
    const layers = values[0]!.length;
    const frame = frameOf({ x: [0, layers], y: [bottom, top] }, 620, 210);
    const text = (l: number) => own('layer', { k: l + 1 });
    return (
        <figure>
            <figcaption class="caption">{label}</figcaption>
            <Plot
                frame={frame}
                label={`${label}: ${values.map((way, k) => `${own(names[k]!)} ${way.map(value => show(value, 2)).join(', ')}`).join('; ')}`}
                x=""
                y=""
                testid={testid}
                scale={{
                    x: [],
                    y: Array.from({ length: top - bottom + 1 }, (_, k) => [bottom + k, power(bottom + k)] as const),
                }}
                above={
                    <g class="rate-bars" aria-hidden="true">
                        {Array.from({ length: layers }, (_, l) => (
                            <text key={l} x={frame.px(l + 0.5)} y={frame.py(bottom) + 17} text-anchor="middle">
                                {text(l)}
                            </text>
                        ))}
                    </g>
                }
            >
                <g class="rate-bars">
                    {values.flatMap((way, k) =>
                        way.map((value, l) => {
                            if (!(value > 0)) return null;
                            const y = frame.py(Math.log10(value));
                            const left = frame.px(l + 0.2 + 0.2 * k);
                            return (
                                <rect
                                    key={`${k}-${l}`}
                                    class={`bar w${k}`}
                                    x={left}
                                    width={frame.px(l + 0.37 + 0.2 * k) - left}
                                    y={y}
                                    height={Math.max(1, frame.py(bottom) - y)}
                                />
                            );
                        }),
                    )}
                </g>
            </Plot>
        </figure>
    );
}

/** 10⁻³ */
const power = (exponent: number) =>
    exponent === 0 ? '1' : `10${String(exponent).replace(/./g, digit => (digit === '-' ? '⁻' : '⁰¹²³⁴⁵⁶⁷⁸⁹'[Number(digit)]!))}`; // prettier-ignore

const scene: Scene = {
    begin: {
        data: 'circle',
        noise: 0.1,
        rows: 200,
        train: 1,
        layers: '8,8',
        activation: 'sigmoid',
        batch: 0,
        learningRate: 0.5,
    },
    trains: true,
    wants: { measures: true },
    text: () => [own('text1'), own('text2')],
    Picture,
    tries: [
        {
            name: 'deep',
            text: () => own('try-deep'),
            press: async () => {
                start();
                await set({ layers: '8,8,8', activation: 'sigmoid' });
            },
        },
        {
            name: 'tanh',
            text: () => own('try-tanh'),
            press: async () => {
                start();
                await set({ layers: '8,8,8', activation: 'tanh' });
            },
        },
        { name: 'hold', text: () => own('try-hold'), press: () => put({ f0: 0 }) },
    ],
    question: {
        text: () => own('ask'),
        options: named(own, 'one', 'layers'),
        run: async () => {
            start();
            await set({ layers: '8,8', activation: 'sigmoid' });
            const { header } = await consult<Rates>(asked());
            return header.ways[0]!.loss < header.ways[1]!.loss ? 'one' : 'layers';
        },
        because: () => own('because'),
    },
    notes: () => [own('note-1'), own('note-2')],
};
export default scene;
