// The perceptron (L3): Rosenblatt's rule, example by example, and the proof where no line can do it.

import type { Reply } from '../protocol';
import { Button, Check, Select } from '../parts/controls';
import { consult, state } from '../session';
import { texts } from '../text';
import { show, whole } from '../text/numbers';
import { Figure, frameOf, Handle, Numbers, Plot, Refused, type Frame, type Window } from './parts';
import { choice, named, number, put, start, useReply, word, type Scene } from './scene';

interface Perceptron extends Reply {
    readonly weights: readonly [number, number];
    readonly bias: number;
    readonly steps: number;
    readonly epoch: number;
    readonly mistakes: number;
    readonly passMistakes: number;
    readonly converged: boolean;
    readonly wrong: number;
    readonly last?: {
        readonly row: number;
        readonly field: number;
        readonly output: number;
        readonly target: number;
        readonly mistake: boolean;
        readonly before: readonly [number, number, number];
    };
    readonly answer?: {
        readonly kind: 'separable' | 'notSeparable' | 'undecided';
        readonly text: string;
        readonly proof?: string;
        readonly checked?: boolean;
        readonly rows?: readonly number[];
        readonly multipliers?: readonly string[];
    };
}

const own = texts({
    text1: 'One unit says +1 where w·x + b is 0 or more, and −1 elsewhere: a line, with its weights as the arrow across it. Rosenblatt’s rule shows it example after example and moves the line only on a mistake: w ← w + t·x, b ← b + t.',
    text2: 'Where a line can part the two classes, the rule finds one after finitely many mistakes. Where none can, it never rests. Which of the two it is can be proved.',
    'try-and': 'AND: go on from mistake to mistake until there is none',
    'try-xor': 'XOR: four hundred examples, and the proof',
    'try-clouds': 'Two clouds of points',
    ask: 'The rule gets XOR, four points, as often as it likes. When does it make its last mistake?',
    few: 'in the first ten passes',
    many: 'after many passes',
    never: 'never',
    because:
        'The four examples, each with its sign, add up to nothing. A line that had them all right would make that sum more than nothing. So there is no such line, and each pass has a mistake.',
    'note-1': 'Press “Next mistake” slowly on AND and let them say beforehand which way the line will turn.',
    'note-2': 'Minsky and Papert, 1969: XOR. The answer is a hidden layer; the scene “Regions” shows how.',
    data: 'Examples',
    and: 'AND',
    or: 'OR',
    xor: 'XOR, four points',
    clouds: 'two clouds',
    own: 'your own',
    example: 'Next example',
    mistake: 'Next mistake',
    pass: 'Whole pass',
    again: 'From zero weights',
    shuffle: 'A new order in each pass',
    plane: 'The examples, the line w·x + b = 0 and its arrow w',
    begin: 'The weights are zero: v = 0 everywhere, so every answer is +1.',
    right: 'Example {row}: t = {target}, v = {field}, answer {output}. Right, nothing moves.',
    wrong: 'Example {row}: t = {target}, v = {field}, answer {output}. A mistake: w and b move by {target}·(x, 1).',
    converged: 'A whole pass without a mistake: the rule has converged and never moves again.',
    steps: 'Examples shown',
    passes: 'Passes',
    mistakes: 'Mistakes',
    left: 'Wrong now',
    weights: 'w₁, w₂; b',
    prove: 'Can a line do it?',
    separable: 'Yes: {text}',
    notSeparable: 'No. With their signs, these examples add up to nothing (first number: the 1 of the bias):',
    checked: 'Added up once more in whole numbers: it holds.',
    undecided: 'Not decided: {text}',
    adding: 'A click adds a point of class',
    point: 'Point {k} of class {target}',
    remove: 'Take the last point away',
    row: 'Example',
    target: 't',
    field: 'v',
    holds: 'right',
});

const sets = ['and', 'or', 'xor', 'clouds', 'own'] as const;
type Example = readonly [number, number, number];
const corners: Readonly<Record<'and' | 'or' | 'xor', readonly Example[]>> = {
    and: [[0, 0, -1], [0, 1, -1], [1, 0, -1], [1, 1, 1]], // prettier-ignore
    or: [[0, 0, -1], [0, 1, 1], [1, 0, 1], [1, 1, 1]], // prettier-ignore
    xor: [[0, 0, -1], [0, 1, 1], [1, 0, 1], [1, 1, -1]], // prettier-ignore
};

const setOf = () => choice('set', sets, 'and');

/** The examples that the page knows of; those of the clouds are the engine's own. */
function examples(): readonly Example[] | undefined {
    const set = setOf();
    if (set === 'clouds') return undefined;
    if (set !== 'own') return corners[set];
    const read = word('points', '')
        .split('_')
        .map(text => text.split(',').map(Number))
        .filter(p => p.length === 3 && p.every(Number.isFinite) && Math.abs(p[2]!) === 1);
    return read.length >= 2 ? (read as unknown as Example[]) : corners.and;
}

const keep = (points: readonly Example[]) =>
    put({ set: 'own', points: points.map(p => p.join(',')).join('_'), steps: undefined });

const request = () => {
    const points = examples();
    return {
        do: 'perceptron',
        ...(points === undefined ? {} : { points }),
        steps: Math.max(0, Math.round(number('steps', 0))),
        shuffle: choice('order', ['given', 'new'], 'given') === 'new',
    };
};

async function further(what: 'mistake' | 'pass'): Promise<void> {
    const reply = await consult<Perceptron>({ ...request(), further: what });
    put({ steps: reply.header.steps });
}

const signed = (value: number) => (value > 0 ? '+1' : '−1');

function Picture() {
    const prove = choice('prove', ['no', 'yes'], 'no') === 'yes';
    const { reply, refused } = useReply<Perceptron>({ ...request(), decide: prove }, state.value?.version);
    const said = reply?.header;
    if (said === undefined) return <Refused text={refused} />;
    const [xy, targets, fields] = [
        reply!.blocks['points'] as Float32Array,
        reply!.blocks['targets'] as Int32Array,
        reply!.blocks['fields'] as Float64Array,
    ];
    const domain = state.value?.data.domain;
    const corner: Window = { x: [-0.75, 1.75], y: [-0.75, 1.75] };
    const window: Window =
        setOf() === 'clouds' && domain !== undefined
            ? { x: [domain[0], domain[1]], y: [domain[2], domain[3]] }
            : corner;
    const frame = frameOf(window, 520, 500);
    const add = number('class', 1) < 0 ? -1 : 1;
    const points = examples();
    const last = said.last;
    const two = (value: number) => Math.round(value * 20) / 20;
    return (
        <>
            <Refused text={refused} />
            <div class="row">
                <Select
                    label={own('data')}
                    testid="perceptron-set"
                    value={setOf()}
                    options={sets.map(value => ({ value, text: own(value) }))}
                    onPick={set => put({ set, steps: undefined })}
                />
                <Check
                    label={own('shuffle')}
                    testid="perceptron-shuffle"
                    on={choice('order', ['given', 'new'], 'given') === 'new'}
                    onSet={on => put({ order: on ? 'new' : undefined, steps: undefined })}
                />
            </div>
            <div class="side-by-side">
                <figure>
                    <Plot
                        frame={frame}
                        label={own('plane')}
                        x="x₁"
                        y="x₂"
                        testid="perceptron-plane"
                        {...(points === undefined
                            ? {}
                            : { onPlace: (x: number, y: number) => keep([...points, [two(x), two(y), add]]) })}
                        above={
                            setOf() === 'own' &&
                            points!.map(([x, y, t], k) => (
                                <Handle
                                    key={k}
                                    frame={frame}
                                    x={x}
                                    y={y}
                                    label={own('point', { k: k + 1, target: signed(t) })}
                                    text={`${show(x, 3)}, ${show(y, 3)}`}
                                    testid={`perceptron-point-${k}`}
                                    onMove={(to, up) =>
                                        keep(points!.map((p, i) => (i === k ? [two(to), two(up), p[2]] : p)))
                                    }
                                    onNudge={(right, up) =>
                                        keep(
                                            points!.map((p, i) =>
                                                i === k ? [two(p[0] + right / 20), two(p[1] + up / 20), p[2]] : p,
                                            ),
                                        )
                                    }
                                />
                            ))
                        }
                    >
                        <Half frame={frame} weights={said.weights} bias={said.bias} />
                        {last?.mistake === true && (
                            <Line
                                frame={frame}
                                weights={[last.before[1], last.before[2]]}
                                bias={last.before[0]}
                                before
                            />
                        )}
                        <Line frame={frame} weights={said.weights} bias={said.bias} />
                        {Array.from(targets, (target, k) => (
                            <Mark
                                key={k}
                                x={frame.px(xy[2 * k]!)}
                                y={frame.py(xy[2 * k + 1]!)}
                                target={target}
                                at={last?.row === k}
                                wrong={fields[k]! >= 0 !== target > 0}
                                proof={said.answer?.rows?.includes(k) === true}
                                small={targets.length > 20}
                            />
                        ))}
                    </Plot>
                </figure>
                <div class="stack">
                    <div class="row">
                        <Button
                            kind="primary"
                            icon="step"
                            wide
                            label={own('mistake')}
                            testid="perceptron-mistake"
                            disabled={said.converged}
                            onPress={() => void further('mistake')}
                        />
                        <Button
                            label={own('example')}
                            testid="perceptron-example"
                            disabled={said.converged}
                            onPress={() => put({ steps: said.steps + 1 })}
                        />
                        <Button
                            label={own('pass')}
                            testid="perceptron-pass"
                            disabled={said.converged}
                            onPress={() => void further('pass')}
                        />
                        <Button
                            icon="reset"
                            label={own('again')}
                            testid="perceptron-again"
                            onPress={() => put({ steps: undefined })}
                        />
                    </div>
                    <p role="status" data-testid="perceptron-story" class="story">
                        {said.converged
                            ? own('converged')
                            : last === undefined
                              ? own('begin')
                              : own(last.mistake ? 'wrong' : 'right', {
                                    row: last.row + 1,
                                    target: signed(last.target),
                                    field: show(last.field, 3),
                                    output: signed(last.output),
                                })}
                    </p>
                    <div class="figures">
                        <Figure name={own('steps')} testid="perceptron-steps">
                            {whole(said.steps)}
                        </Figure>
                        <Figure name={own('passes')} testid="perceptron-passes">
                            {whole(said.epoch)}
                        </Figure>
                        <Figure name={own('mistakes')} testid="perceptron-mistakes">
                            {whole(said.mistakes)}
                        </Figure>
                        <Figure name={own('left')} testid="perceptron-wrong">
                            {whole(said.wrong)}
                        </Figure>
                        <Figure name={own('weights')} testid="perceptron-weights">
                            {show(said.weights[0], 3)}, {show(said.weights[1], 3)}; {show(said.bias, 3)}
                        </Figure>
                    </div>
                    <Button
                        label={own('prove')}
                        testid="perceptron-prove"
                        pressed={prove}
                        onPress={() => put({ prove: prove ? undefined : 'yes' })}
                    />
                    {said.answer !== undefined && (
                        <div class="proof" data-testid="perceptron-answer">
                            {said.answer.kind === 'notSeparable' ? (
                                <>
                                    <p>{own('notSeparable')}</p>
                                    <p class="arithmetic-line">{said.answer.proof}</p>
                                    {said.answer.checked === true && <p>{own('checked')}</p>}
                                </>
                            ) : (
                                <p>{own(said.answer.kind, { text: said.answer.text })}</p>
                            )}
                        </div>
                    )}
                    {points !== undefined && (
                        <div class="row">
                            <span class="note">{own('adding')}</span>
                            <div class="segments" role="group" aria-label={own('adding')}>
                                {([-1, 1] as const).map(t => (
                                    <button
                                        key={t}
                                        type="button"
                                        aria-pressed={add === t}
                                        data-testid={`perceptron-class-${t > 0 ? 'plus' : 'minus'}`}
                                        onClick={() => put({ class: t })}
                                    >
                                        {signed(t)}
                                    </button>
                                ))}
                            </div>
                            {setOf() === 'own' && points.length > 2 && (
                                <Button
                                    label={own('remove')}
                                    testid="perceptron-remove"
                                    onPress={() => keep(points.slice(0, -1))}
                                />
                            )}
                        </div>
                    )}
                    <Numbers
                        testid="perceptron-numbers"
                        columns={[own('row'), 'x₁', 'x₂', own('target'), own('field'), own('holds')]}
                        rows={Array.from(targets, (target, k) => [
                            String(k + 1),
                            xy[2 * k]!,
                            xy[2 * k + 1]!,
                            signed(target),
                            fields[k]!,
                            fields[k]! >= 0 === target > 0 ? '✓' : '✗',
                        ])}
                    />
                </div>
            </div>
        </>
    );
}

/** Two ends of the line far outside, and a direction: where it lies in the drawing. */
function ends(frame: Frame, weights: readonly [number, number], bias: number) {
    const [a, b] = weights;
    const size = Math.hypot(a, b);
    if (size === 0) return undefined;
    const [fx, fy] = [(-a * bias) / size ** 2, (-b * bias) / size ** 2];
    const far = 4 * (frame.x[1] - frame.x[0]) + Math.hypot(fx, fy);
    const along = [-b / size, a / size] as const;
    return {
        foot: [fx, fy] as const,
        normal: [a / size, b / size] as const,
        from: [fx - far * along[0], fy - far * along[1]] as const,
        to: [fx + far * along[0], fy + far * along[1]] as const,
        far,
    };
}

function Half({
    frame,
    weights,
    bias,
}: {
    readonly frame: Frame;
    readonly weights: readonly [number, number];
    readonly bias: number;
}) {
    const line = ends(frame, weights, bias);
    if (line === undefined) return null;
    const put = ([x, y]: readonly [number, number]) => `${frame.px(x)} ${frame.py(y)}`;
    const shifted = ([x, y]: readonly [number, number], by: number): readonly [number, number] => [
        x + by * line.normal[0],
        y + by * line.normal[1],
    ];
    return (
        <>
            {[1, -1].map(side => (
                <path
                    key={side}
                    class={side > 0 ? 'half positive' : 'half negative'}
                    d={`M${put(line.from)}L${put(line.to)}L${put(shifted(line.to, side * line.far))}L${put(shifted(line.from, side * line.far))}Z`}
                />
            ))}
        </>
    );
}

function Line({
    frame,
    weights,
    bias,
    before,
}: {
    readonly frame: Frame;
    readonly weights: readonly [number, number];
    readonly bias: number;
    readonly before?: boolean;
}) {
    const line = ends(frame, weights, bias);
    if (line === undefined) return null;
    const length = (frame.x[1] - frame.x[0]) / 7;
    // The arrow stands where the line is nearest to the middle of the window.
    const middle = [(frame.x[0] + frame.x[1]) / 2, (frame.y[0] + frame.y[1]) / 2] as const;
    const v = weights[0] * middle[0] + weights[1] * middle[1] + bias;
    const size = Math.hypot(...weights);
    const foot = [middle[0] - (v / size) * line.normal[0], middle[1] - (v / size) * line.normal[1]] as const;
    const tip = [foot[0] + length * line.normal[0], foot[1] + length * line.normal[1]] as const;
    const [fx, fy, tx, ty] = [frame.px(foot[0]), frame.py(foot[1]), frame.px(tip[0]), frame.py(tip[1])];
    const angle = Math.atan2(ty - fy, tx - fx);
    const head = (turn: number) => `${tx - 11 * Math.cos(angle + turn)} ${ty - 11 * Math.sin(angle + turn)}`;
    return (
        <g class={before === true ? 'border before' : 'border'}>
            <path
                d={`M${frame.px(line.from[0])} ${frame.py(line.from[1])}L${frame.px(line.to[0])} ${frame.py(line.to[1])}`}
            />
            {before !== true && <path d={`M${fx} ${fy}L${tx} ${ty}M${head(0.45)}L${tx} ${ty}L${head(-0.45)}`} />}
        </g>
    );
}

/** ▲ is +1, ● is −1; a ring is the example at hand, a cross one on the wrong side, a square part of the proof. */
function Mark({
    x,
    y,
    target,
    at,
    wrong,
    proof,
    small,
}: {
    readonly x: number;
    readonly y: number;
    readonly target: number;
    readonly at: boolean;
    readonly wrong: boolean;
    readonly proof: boolean;
    readonly small: boolean;
}) {
    const r = small ? 4.5 : 9;
    return (
        <g class={target > 0 ? 'example plus' : 'example minus'}>
            {at && <circle class="ring" cx={x} cy={y} r={r + 8} />}
            {proof && <rect class="ring" x={x - r - 6} y={y - r - 6} width={2 * r + 12} height={2 * r + 12} />}
            {target > 0 ? (
                <path d={`M${x} ${y - r * 1.15}L${x + r} ${y + r * 0.75}H${x - r}Z`} />
            ) : (
                <circle cx={x} cy={y} r={r * 0.9} />
            )}
            {wrong && (
                <path class="cross" d={`M${x - r} ${y - r}L${x + r} ${y + r}M${x + r} ${y - r}L${x - r} ${y + r}`} />
            )}
        </g>
    );
}

const scene: Scene = {
    begin: { data: 'gauss', rows: 80, noise: 0.1 },
    text: () => [own('text1'), own('text2')],
    Picture,
    tries: [
        {
            name: 'and',
            text: () => own('try-and'),
            press: async () => {
                start({ set: 'and' });
                await further('mistake');
            },
        },
        { name: 'xor', text: () => own('try-xor'), press: () => start({ set: 'xor', steps: 400, prove: 'yes' }) },
        { name: 'clouds', text: () => own('try-clouds'), press: () => start({ set: 'clouds' }) },
    ],
    question: {
        text: () => own('ask'),
        options: named(own, 'few', 'many', 'never'),
        run: async () => {
            start({ set: 'xor', steps: 4000, prove: 'yes' });
            const { header } = await consult<Perceptron>({
                do: 'perceptron',
                points: corners.xor,
                steps: 4000,
                decide: true,
            });
            return header.converged
                ? header.epoch <= 10
                    ? 'few'
                    : 'many'
                : header.answer?.kind === 'notSeparable'
                  ? 'never'
                  : undefined;
        },
        because: () => own('because'),
    },
    notes: () => [own('note-1'), own('note-2')],
};
export default scene;
