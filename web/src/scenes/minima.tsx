// Minima (L14): many starts at once, and where each ends; minimum, saddle and plateau told apart by curvature.

import { Check, Slider } from '../parts/controls';
import { classColours } from '../look/theme';
import type { Reply } from '../protocol';
import { clock, consult, edit, hello, set, state } from '../session';
import { texts } from '../text';
import { show, whole } from '../text/numbers';
import { clamp, Landscape, landscapeFrame, onMap, useSurface, type Descent, type Link } from './landscape';
import './minima.css';
import { Figure, Handle, Heads, Numbers, Refused, type Frame } from './parts';
import { choice, named, number, put, start, useReply, type Scene } from './scene';

const kinds = ['minimum', 'valley', 'saddle', 'maximum', 'plateau', 'slope'] as const;
type Kind = (typeof kinds)[number];

interface Curved {
    readonly loss: number;
    readonly gradient: number;
    readonly kind: Kind;
    readonly eigenvalues: readonly number[];
    readonly directions?: readonly (readonly [number, number])[];
}

interface Minimum extends Curved {
    readonly starts: number;
    readonly a: number;
    readonly b: number;
}

interface Minima extends Reply {
    readonly minima: readonly Minimum[];
}

type Place = Reply & Curved;

const own = texts({
    text1: 'One input, one hidden unit, one output: two weights and nothing else, so the whole error surface is on the map. Many balls start at once and go down, each by the same rule. Where a ball ends depends on where it starts.',
    text2: 'At a minimum the surface is curved upwards in every direction, at a saddle upwards in one and downwards in another, on a plateau hardly at all. The eigenvalues of the Hessian, the second derivatives, say which: their signs are the curvatures.',
    'try-down': 'Let all balls go, update by update',
    'try-saddle': 'Look at the middle: no slope, and yet no minimum',
    'try-plateau': 'Look at the upper left corner, where balls hardly move',
    'try-unequal': 'Give the hidden unit a bias: now the two minima differ in depth',
    'try-xor': 'XOR with two hidden units, all nine weights moving',
    ask: 'A ball starts exactly at w₁ = w₂ = 0. After 500 updates it is',
    still: 'still there',
    left: 'in the left minimum',
    right: 'in the right minimum',
    because:
        'At a saddle the gradient is zero, and a rule that follows the gradient alone stays. A breath to either side would have sent it down: that is one reason why weights start at small random numbers.',
    'note-1':
        'In networks with many weights, saddles are far commoner than bad minima: every direction would have to go up.',
    'note-2':
        'The marks A, B, … are ordered by depth. With the bias of the third thing to try, B is a local minimum that is no global one.',
    map: 'The error surface over the two weights, with every start and its ball',
    probe: 'The place that is looked at',
    updates: 'Updates',
    walk: 'Where the balls are, after so many',
    rate: 'Learning rate η',
    all: 'All weights move, not these two alone',
    here: 'This place is a',
    minimum: 'minimum',
    valley: 'valley: flat along some directions',
    saddle: 'saddle',
    maximum: 'maximum',
    plateau: 'plateau',
    slope: 'slope',
    cost: 'Cost here',
    gradient: 'Size of the gradient',
    curvatures: 'Curvatures (eigenvalues)',
    mark: 'End',
    starts: 'Starts that reach it',
    kind: 'Kind',
    startA: 'start w₁',
    startB: 'start w₂',
    ends: 'reaches',
    place: 'w₁, w₂',
});

const FIRST: Link = [0, 0, 0];
const SECOND: Link = [1, 0, 0];
const REACH = 4;
// The browser's engine has one thread, and everything waits for it.
const sizeOf = () => (hello.value?.host === 'browser' ? 8 : 12);
const letter = (k: number) => String.fromCharCode(65 + k);
const allMove = () => choice('all', ['no', 'yes'], 'no') === 'yes';
const probeOf = (): readonly [number, number] => [number('pa', 0), number('pb', 0)];

function Picture() {
    const when = `${state.value?.version} ${state.value?.timeline} ${clock.value?.step}`;
    const window = [-REACH, REACH, -REACH, REACH];
    const heights = useSurface(FIRST, SECOND, window, false, when);
    const updates = Math.round(number('updates', 300));
    const walk = Math.min(updates, Math.round(number('walk', 0)));
    const rate = number('rate', 1);
    const [pa, pb] = probeOf();
    const probed = useReply<Place>({ do: 'hessian', first: FIRST, second: SECOND, at: [pa, pb] }, when);
    const ends = useReply<Minima>(
        { do: 'minima', first: FIRST, second: SECOND, window, size: sizeOf(), updates, walk, learningRate: rate, all: allMove() }, // prettier-ignore
        when,
    );
    const here = probed.reply?.header;
    const minima = ends.reply?.header.minima ?? [];
    const starts = ends.reply?.blocks['starts'] as Float64Array | undefined;
    const frame = landscapeFrame(window);
    const place = (a: number, b: number) => put({ pa: onMap(a, REACH), pb: onMap(b, REACH) });
    return (
        <>
            <Refused text={ends.refused || probed.refused} />
            <div class="side-by-side">
                <figure>
                    <Landscape
                        heights={heights}
                        frame={frame}
                        label={own('map')}
                        x="w₁"
                        y="w₂"
                        testid="minima-map"
                        onPlace={place}
                        above={
                            <Handle
                                frame={frame}
                                x={clamp(pa, REACH)}
                                y={clamp(pb, REACH)}
                                label={own('probe')}
                                text={`${show(pa, 3)}, ${show(pb, 3)}`}
                                testid="minima-probe"
                                onMove={place}
                                onNudge={(right, up) => place(pa + right / 10, pb + up / 10)}
                            />
                        }
                    >
                        {starts !== undefined && <Balls frame={frame} starts={starts} />}
                        {minima.map((one, k) => (
                            <g key={k} class="minimum-mark" aria-hidden="true">
                                {Math.abs(one.a) < REACH && Math.abs(one.b) < REACH && k < 12 && !allMove() && (
                                    <>
                                        <circle cx={frame.px(one.a)} cy={frame.py(one.b)} r={11} />
                                        <text x={frame.px(one.a)} y={frame.py(one.b) + 4.5} text-anchor="middle">
                                            {letter(k)}
                                        </text>
                                    </>
                                )}
                            </g>
                        ))}
                        {here !== undefined && <Directions frame={frame} at={[pa, pb]} place={here} />}
                    </Landscape>
                </figure>
                <div class="stack">
                    <div role="status" class="stack">
                        <p>
                            <span class="figure-name">{own('here')}</span>
                            <br />
                            <span class="place-kind" data-testid="minima-kind">
                                {here === undefined ? '–' : own(here.kind)}
                            </span>
                        </p>
                    </div>
                    {here !== undefined && (
                        <div class="figures">
                            <Figure name={own('cost')} testid="minima-cost">
                                {show(here.loss)}
                            </Figure>
                            <Figure name={own('gradient')} testid="minima-gradient">
                                {show(here.gradient)}
                            </Figure>
                            <Figure name={own('curvatures')} testid="minima-curvatures">
                                {here.eigenvalues.map(value => show(value, 3)).join('; ')}
                            </Figure>
                        </div>
                    )}
                    <Slider
                        label={own('walk')}
                        testid="minima-walk"
                        value={walk}
                        min={0}
                        max={updates}
                        step={Math.max(1, Math.round(updates / 40))}
                        show={value => whole(value)}
                        onSet={value => put({ walk: value })}
                    />
                    <Slider
                        label={own('updates')}
                        testid="minima-updates"
                        value={updates}
                        min={50}
                        max={2000}
                        step={50}
                        show={value => whole(value)}
                        onSet={value => put({ updates: value, walk: value })}
                    />
                    <Slider
                        label={own('rate')}
                        testid="minima-rate"
                        value={rate}
                        min={0.1}
                        max={4}
                        step={0.1}
                        show={value => show(value, 2)}
                        onSet={value => put({ rate: value })}
                    />
                    <Check
                        label={own('all')}
                        testid="minima-all"
                        on={allMove()}
                        onSet={on => put({ all: on ? 'yes' : undefined })}
                    />
                </div>
            </div>
            <div class="scroll-x" tabIndex={0} role="region" aria-label={own('mark')}>
                <table class="batch-table" data-testid="minima-table">
                    <Heads
                        columns={(['mark', 'kind', 'starts', 'cost', 'place', 'curvatures'] as const).map(name =>
                            own(name),
                        )}
                    />
                    <tbody>
                        {minima.slice(0, 8).map((one, k) => (
                            <tr key={k}>
                                <th scope="row">
                                    <Swatch group={k} /> {letter(k)}
                                </th>
                                <td>{own(one.kind)}</td>
                                <td>{whole(one.starts)}</td>
                                <td>{show(one.loss)}</td>
                                <td>
                                    {show(one.a, 3)}, {show(one.b, 3)}
                                </td>
                                <td>{endsOf(one.eigenvalues)}</td>
                            </tr>
                        ))}
                    </tbody>
                </table>
            </div>
            <Numbers
                testid="minima-numbers"
                columns={[own('startA'), own('startB'), 'w₁', 'w₂', own('cost'), own('ends')]}
                rows={Array.from({ length: (starts?.length ?? 0) / 6 }, (_, k) => [
                    ...starts!.subarray(6 * k, 6 * k + 5),
                    letter(starts![6 * k + 5]!),
                ])}
            />
        </>
    );
}

/** The smallest and the largest of many, all of few. */
const endsOf = (values: readonly number[]) =>
    values.length <= 2
        ? values.map(value => show(value, 3)).join('; ')
        : `${show(values[0]!, 3)} … ${show(values.at(-1)!, 3)}`;

const colourOf = (group: number) => classColours.value[group % classColours.value.length]!;

/** One shape per minimum, so that colour says nothing alone. */
function shape(group: number, x: number, y: number, r: number): string {
    const turn = [
        `M${x - r} ${y}a${r} ${r} 0 1 0 ${2 * r} 0a${r} ${r} 0 1 0 ${-2 * r} 0`,
        `M${x} ${y - r * 1.2}L${x + r * 1.1} ${y + r * 0.8}H${x - r * 1.1}Z`,
        `M${x - r} ${y - r}h${2 * r}v${2 * r}h${-2 * r}Z`,
        `M${x} ${y - r * 1.3}L${x + r * 1.3} ${y}L${x} ${y + r * 1.3}L${x - r * 1.3} ${y}Z`,
    ];
    return turn[group % turn.length]!;
}

function Swatch({ group }: { readonly group: number }) {
    return (
        <svg class="swatch-shape" width="14" height="14" viewBox="-7 -7 14 14" aria-hidden="true">
            <path d={shape(group, 0, 0, 4.6)} fill={colourOf(group)} />
        </svg>
    );
}

/** Where each ball began, in the colour of its end, and where it is. */
function Balls({ frame, starts }: { readonly frame: Frame; readonly starts: Float64Array }) {
    const count = starts.length / 6;
    const side = frame.px((2 * REACH) / Math.sqrt(count)) - frame.px(0);
    const all = Array.from({ length: count }, (_, k) => starts.subarray(6 * k, 6 * k + 6));
    return (
        <>
            <g class="basin" aria-hidden="true">
                {all.map((s, k) => (
                    <rect
                        key={k}
                        x={frame.px(s[0]!) - side / 2}
                        y={frame.py(s[1]!) - side / 2}
                        width={side}
                        height={side}
                        fill={colourOf(s[5]!)}
                    />
                ))}
            </g>
            <g class="balls" aria-hidden="true">
                {all.map((s, k) => (
                    <path key={k} d={shape(s[5]!, frame.px(s[2]!), frame.py(s[3]!), 4.6)} fill={colourOf(s[5]!)} />
                ))}
            </g>
        </>
    );
}

/** The two directions of curvature: arcs that open upwards are solid, those that go down are dashed. */
function Directions({
    frame,
    at,
    place,
}: {
    readonly frame: Frame;
    readonly at: readonly [number, number];
    readonly place: Curved;
}) {
    // prettier-ignore
    return (
        <g aria-hidden="true">
            {place.directions?.map(([a, b], k) => {
                const value = place.eigenvalues[k]!;
                const reach = 0.35 + Math.min(0.75, Math.sqrt(Math.abs(value)));
                return (
                    <path
                        key={k}
                        class={value < 0 ? 'curved down' : 'curved'}
                        d={`M${frame.px(at[0] - reach * a)} ${frame.py(at[1] - reach * b)}L${frame.px(at[0] + reach * a)} ${frame.py(at[1] + reach * b)}`}
                    />
                );
            })}
        </g>
    );
}

const base = {
    data: 'gauss',
    features: 'x1',
    layers: '1',
    rows: 100,
    noise: 0.3,
    train: 1,
    batch: 0,
    learningRate: 0.5,
};

/** The chain x₁ → y → z again, with a bias on the hidden unit or without. */
async function chain(bias: number): Promise<void> {
    await set(base);
    await edit(0, -1, 0, bias);
}

const scene: Scene = {
    begin: base,
    wants: { parameters: true },
    text: () => [own('text1'), own('text2')],
    Picture,
    tries: [
        { name: 'down', text: () => own('try-down'), press: () => start({ walk: 300 }) },
        { name: 'saddle', text: () => own('try-saddle'), press: () => put({ pa: 0, pb: 0 }) },
        { name: 'plateau', text: () => own('try-plateau'), press: () => put({ pa: -4, pb: 4 }) },
        {
            name: 'unequal',
            text: () => own('try-unequal'),
            press: async () => {
                start({ walk: 300 });
                await chain(1);
            },
        },
        {
            name: 'xor',
            text: () => own('try-xor'),
            press: async () => {
                start({ all: 'yes', updates: 600, walk: 600, rate: 2 });
                await set({ ...base, data: 'corners', features: '', layers: '2', seed: 4 });
            },
        },
    ],
    question: {
        text: () => own('ask'),
        options: named(own, 'still', 'left', 'right'),
        run: async () => {
            start({ walk: 300 });
            await chain(0);
            const reply = await consult<Descent>({
                do: 'descent',
                first: FIRST,
                second: SECOND,
                from: [0, 0],
                only: true,
                ways: [{ optimizer: 'gradient_descent', learningRate: 1, updates: 500 }],
            });
            const a = reply.blocks['path0']!.at(-6)!;
            return Math.abs(a) < 1e-6 ? 'still' : a < 0 ? 'left' : 'right';
        },
        because: () => own('because'),
    },
    notes: () => [own('note-1'), own('note-2')],
};
export default scene;
