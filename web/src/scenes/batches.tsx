// Batches (L16, L17): one example at a time, a mini-batch and the full batch, from one start, in updates, epochs and seconds.

import { Check, Select, Slider } from '../parts/controls';
import { clock, consult, set, setting, state } from '../session';
import { texts } from '../text';
import { show, whole } from '../text/numbers';
import { Landscape, landscapeFrame, useDescent, useSurface, WayLine, type Descent, type Link } from './landscape';
import { Figure, frameOf, Heads, Numbers, Plot, Refused } from './parts';
import { choice, named, number, put, start, useReply, type Scene } from './scene';

const own = texts({
    text1: 'Each update follows the gradient of a batch: one example, a few, or all of them. With B examples in a batch an epoch has (examples / B) updates, rounded up. Three networks start from the same weights.',
    text2: 'One example zigzags, all of them go smoothly, and a mini-batch is nearly as steady for a fraction of the work. What counts as “the same effort” is yours to choose.',
    'try-updates': 'The same number of updates for all three',
    'try-epoch': 'The same number of examples: two epochs each',
    'try-time': 'The same time on this machine: 60 ms each',
    ask: 'Two epochs each, the same examples for all. Which ends lowest?',
    one: 'one example at a time',
    mini: 'batches of 10',
    full: 'all at once',
    because:
        'With all examples in a batch two epochs are two updates. The others have made many in the same two epochs; how low each is depends on the rate as well.',
    'note-1':
        'The honest comparison is per second. On a machine with vector units an update of 10 costs hardly more than one of 1.',
    mode: 'Compare at the same',
    updates: 'updates',
    epochs: 'examples (epochs)',
    time: 'time',
    count: 'How many updates',
    epochCount: 'How many epochs',
    ms: 'How many ms',
    rate: 'Learning rate η',
    map: 'The surface over two weights, with the three paths',
    way: 'Batch',
    batches: 'Updates per epoch',
    done: 'Updates done',
    examples: 'Examples used',
    took: 'ms',
    cost: 'Cost at the end',
    name1: 'one example (solid)',
    name10: '10 examples (dashed)',
    name0: 'all examples (dotted)',
    measured: 'Milliseconds are measured on this machine, now; all other numbers are the same everywhere.',
    table: 'The ways, as a table',
    update: 'Update',
    shuffle: 'Another order in each epoch',
    order: 'The examples in the order they are used, two epochs of batches of 10',
    orderText:
        'Left to right: the updates of two epochs, ten examples each. Up: which example. Shuffled, each epoch is another cloud; not shuffled, it is the same stair twice.',
    'try-order': 'No shuffling: the same batches in every epoch',
    example: 'Example',
});

const FIRST: Link = [0, 0, 0];
const SECOND: Link = [0, 1, 0];
const batches = [1, 10, 0] as const;
const modes = ['updates', 'epochs', 'time'] as const;
const kindOf = () => choice('mode', modes, 'epochs');
const amount = () => Math.round(number('amount', kindOf() === 'updates' ? 50 : kindOf() === 'epochs' ? 2 : 60));

function ways(mode: (typeof modes)[number], much: number, rate: number) {
    const effort = { updates: { updates: much }, epochs: { epochs: much }, time: { budget: much, updates: 5000 } }[
        mode
    ];
    return batches.map(batch => ({ batch, learningRate: rate, optimizer: 'gradient_descent', ...effort }));
}

function Picture() {
    const rows = state.value?.data.train ?? 1;
    const rate = number('rate', 0.1);
    const when = `${state.value?.version} ${clock.value?.step}`;
    const reach = 3;
    const window = [-reach, reach, -reach, reach];
    const heights = useSurface(FIRST, SECOND, window, false, when);
    const asked = useDescent({ first: FIRST, second: SECOND, only: false, ways: ways(kindOf(), amount(), rate) }, when);
    const frame = landscapeFrame(window);
    const marks = ['', ' second', ' third'];
    return (
        <>
            <Refused text={asked.refused} />
            <div class="side-by-side">
                <figure>
                    <Landscape heights={heights} frame={frame} label={own('map')} x="w₁" y="w₂" testid="batches-map">
                        {asked.paths.map((path, k) => {
                            const end = path.at(-1);
                            return (
                                <g key={k}>
                                    <WayLine frame={frame} path={path} kind={marks[k]!} />
                                    {end !== undefined && (
                                        <circle
                                            class={`ball${marks[k]}`}
                                            cx={frame.px(end.a)}
                                            cy={frame.py(end.b)}
                                            r={7}
                                        />
                                    )}
                                </g>
                            );
                        })}
                    </Landscape>
                </figure>
                <div class="stack">
                    <div class="figures">
                        {asked.ways.map((way, k) => (
                            <Figure key={k} name={own(`name${batches[k]!}`)} testid={`batches-cost-${batches[k]}`}>
                                {show(way.loss)}
                            </Figure>
                        ))}
                    </div>
                    <div class="scroll-x" tabIndex={0} role="region" aria-label={own('table')}>
                        <table class="batch-table" data-testid="batches-table">
                            <Heads
                                columns={(['way', 'batches', 'done', 'examples', 'took'] as const).map(name =>
                                    own(name),
                                )}
                            />
                            <tbody>
                                {asked.ways.map((way, k) => (
                                    <tr key={k}>
                                        <th scope="row">{batches[k] === 0 ? whole(rows) : batches[k]}</th>
                                        <td>{whole(way.updatesPerEpoch)}</td>
                                        <td>{whole(way.updates)}</td>
                                        <td>{whole(way.examples)}</td>
                                        <td>{show(way.ms, 2)}</td>
                                    </tr>
                                ))}
                            </tbody>
                        </table>
                    </div>
                    <p class="note">{own('measured')}</p>
                    <Select
                        label={own('mode')}
                        testid="batches-mode"
                        value={kindOf()}
                        options={modes.map(value => ({ value, text: own(value) }))}
                        onPick={mode => put({ mode, amount: undefined })}
                    />
                    <Slider
                        label={own(kindOf() === 'updates' ? 'count' : kindOf() === 'epochs' ? 'epochCount' : 'ms')}
                        testid="batches-amount"
                        value={amount()}
                        min={kindOf() === 'epochs' ? 1 : 10}
                        max={kindOf() === 'epochs' ? 10 : 300}
                        step={kindOf() === 'epochs' ? 1 : 10}
                        show={value => whole(value)}
                        onSet={value => put({ amount: value })}
                    />
                    <Slider
                        label={own('rate')}
                        testid="batches-rate"
                        value={rate}
                        min={0.01}
                        max={1}
                        step={0.01}
                        show={value => show(value, 2)}
                        onSet={value => put({ rate: value })}
                    />
                    <Numbers
                        testid="batches-numbers"
                        columns={[own('way'), own('update'), own('examples'), 'w₁', 'w₂', own('cost')]}
                        rows={asked.paths.flatMap((path, k) =>
                            path.map(p => [String(batches[k]), String(p.update), String(p.examples), p.a, p.b, p.loss]),
                        )}
                        most={400}
                    />
                </div>
            </div>
            <Order />
        </>
    );
}

/** Which example each update of two epochs uses: shuffling, seen. */
function Order() {
    const shuffled = setting('shuffle', true);
    const rows = state.value?.data.train ?? 1;
    const asked = useReply<Descent>(
        { do: 'descent', first: FIRST, second: SECOND, order: true, ways: [{ batch: 10, epochs: 2 }] },
        state.value?.version,
    );
    const order = asked.reply?.blocks['order0'] as Int32Array | undefined;
    const per = asked.reply?.header.ways[0]?.updatesPerEpoch ?? 1;
    const frame = frameOf({ x: [0, 2 * per], y: [0, rows] }, 760, 240);
    return (
        <section class="stack">
            <h3>{own('order')}</h3>
            <Check
                label={own('shuffle')}
                testid="batches-shuffle"
                on={shuffled}
                onSet={on => void set({ shuffle: on })}
            />
            <Plot frame={frame} label={own('order')} x={own('update')} y={own('example')} testid="batches-order">
                <path class="epoch-line" d={`M${frame.px(per)} ${frame.py(0)}V${frame.py(rows)}`} />
                {order !== undefined && (
                    <path
                        class="order"
                        d={Array.from(order, (row, k) => {
                            // Ten of an update side by side; the last batch of an epoch may have fewer.
                            const epoch = Math.floor(k / rows);
                            const x = epoch * per + (k % rows) / 10;
                            return `M${frame.px(x)} ${frame.py(row)}h2.4`;
                        }).join('')}
                    />
                )}
            </Plot>
            <p class="caption">{own('orderText')}</p>
            <Numbers
                testid="batches-order-numbers"
                columns={[own('update'), own('example')]}
                rows={Array.from({ length: 2 * per }, (_, update) => {
                    const from = Math.floor(update / per) * rows + (update % per) * 10;
                    const to = Math.min(from + 10, (Math.floor(update / per) + 1) * rows);
                    return [String(update + 1), [...(order?.subarray(from, to) ?? [])].map(row => row + 1).join(', ')];
                })}
            />
        </section>
    );
}

const scene: Scene = {
    begin: { train: 1, rows: 200, noise: 0.1, layers: '4' },
    text: () => [own('text1'), own('text2')],
    Picture,
    tries: [
        { name: 'updates', text: () => own('try-updates'), press: () => start({ mode: 'updates' }) },
        { name: 'epoch', text: () => own('try-epoch'), press: () => start({ mode: 'epochs' }) },
        { name: 'order', text: () => own('try-order'), press: () => set({ shuffle: false }) },
        { name: 'time', text: () => own('try-time'), press: () => start({ mode: 'time' }) },
    ],
    question: {
        text: () => own('ask'),
        options: named(own, 'one', 'mini', 'full'),
        run: async () => {
            start({ mode: 'epochs' });
            const { header } = await consult<Descent>({
                do: 'descent',
                first: FIRST,
                second: SECOND,
                ways: ways('epochs', 2, 0.1),
            });
            const lowest = header.ways.reduce((best, way, k) => (way.loss < header.ways[best]!.loss ? k : best), 0);
            return (['one', 'mini', 'full'] as const)[lowest];
        },
        because: () => own('because'),
    },
    notes: () => [own('note-1')],
};
export default scene;
