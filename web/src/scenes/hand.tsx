// By hand (L12, L13): the simplest network, forward and backward one step at a time, and a quiz that takes a number.

import { useSignal } from '@preact/signals';
import type { Reply } from '../protocol';
import { Button, Select, Slider } from '../parts/controls';
import { consult } from '../session';
import { texts } from '../text';
import { parseNumber, show } from '../text/numbers';
import { Figure, Numbers, Refused, Wide } from './parts';
import { choice, named, number, put, start, useReply, type Scene } from './scene';

type Name = 'p1' | 'y' | 'p2' | 'z' | 'P' | 'dz' | 'z1z' | 'dPdw2' | 'y1y' | 'dPdw1';
type Simplest = Reply &
    Readonly<Record<Name | 'numeric1' | 'numeric2' | 'h' | 'nextW1' | 'nextW2' | 'nextP', number>> & {
        readonly right?: boolean;
        readonly signOnly?: boolean;
    };

const own = texts({
    text1: 'x →(w₁)→ p₁ → y →(w₂)→ p₂ → z, with two sigmoids. P = −½(d − z)² says how good z is. Forward gives the values, one after the other; backward the chain rule gives what a little more of each weight would do to P.',
    text2: 'A sigmoid’s slope is β(1 − β). (The lecture’s last slide adds both parts into one number and leaves out the y of ∂P/∂w₂: a slip. Here is the right form.)',
    'try-far': 'A large weight: w₁ = 8. What becomes of ∂P/∂w₁?',
    'try-zero': 'w₂ = 0: the way back is cut',
    'try-step': 'Take a step uphill',
    ask: 'x = 1, w₁ = 0.5, w₂ = −1, d = 1. With w₁ a little larger, P gets',
    larger: 'larger',
    smaller: 'smaller',
    same: 'no different',
    because:
        'd − z is above 0, so z should be larger. But w₂ is negative: a larger w₁ makes y larger and z smaller. So ∂P/∂w₁ is below 0.',
    'note-1': 'Let them work out ∂P/∂w₂ on paper and type it in. The quiz says when only the sign is wrong.',
    'note-2': 'Then w₁ = 8: y(1 − y) is almost 0. That is why units that are saturated learn slowly.',
    x: 'Input x',
    w1: 'Weight w₁',
    w2: 'Weight w₂',
    d: 'Wanted d',
    rate: 'Learning rate η',
    drawing: 'The chain of values and derivatives',
    chain: 'The network: {text}',
    forward: 'Forward',
    backward: 'Backward',
    next: 'Next line',
    back: 'One line back',
    all: 'All lines',
    symbol: 'Symbols',
    numbers: 'Numbers',
    value: 'Value',
    check: 'The same by finite differences',
    differences: 'P at w + h less P at w − h, divided by 2h, with h = {h}',
    step: 'Take the step: w ← w + η·∂P/∂w',
    after: 'P after the step',
    quiz: 'Your number',
    of: 'for',
    answer: 'Check it',
    right: 'Right, within one percent.',
    sign: 'The size is right, the sign is not.',
    wrong: 'Not yet. Go through the lines backward.',
    type: 'Type your number for {what}',
});

const begin = { x: 1, w1: 0.5, w2: -1, d: 1, rate: 1 } as const;
const given = () => ({
    x: number('x', begin.x),
    w1: number('w1', begin.w1),
    w2: number('w2', begin.w2),
    d: number('d', begin.d),
    learningRate: number('rate', begin.rate),
});

interface Line {
    readonly name: Name;
    readonly symbol: string;
    readonly text: string;
    readonly numbers: (said: Simplest) => string;
    readonly back: boolean;
}

const brace = (value: number) => (value < 0 ? `(${show(value)})` : show(value));
const lines = (): readonly Line[] => {
    const { x, w1, w2, d } = given();
    const line = (name: Name, symbol: string, text: string, back: boolean, numbers: (s: Simplest) => string): Line => ({
        name,
        symbol,
        text,
        back,
        numbers, // prettier-ignore
    });
    return [
        line('p1', 'p₁', 'w₁·x', false, () => `${brace(w1)}·${brace(x)}`),
        line('y', 'y', 'β(p₁)', false, s => `1/(1 + exp(−${brace(s.p1)}))`),
        line('p2', 'p₂', 'w₂·y', false, s => `${brace(w2)}·${brace(s.y)}`),
        line('z', 'z', 'β(p₂)', false, s => `1/(1 + exp(−${brace(s.p2)}))`),
        line('P', 'P', '−½(d − z)²', false, s => `−½(${brace(d)} − ${brace(s.z)})²`),
        line('dz', '∂P/∂z', 'd − z', true, s => `${brace(d)} − ${brace(s.z)}`),
        line('z1z', '∂z/∂p₂', 'z(1 − z)', true, s => `${brace(s.z)}·(1 − ${brace(s.z)})`),
        line('dPdw2', '∂P/∂w₂', '(d − z)·z(1 − z)·y', true, s => `${brace(s.dz)}·${brace(s.z1z)}·${brace(s.y)}`),
        line('y1y', '∂y/∂p₁', 'y(1 − y)', true, s => `${brace(s.y)}·(1 − ${brace(s.y)})`),
        line(
            'dPdw1',
            '∂P/∂w₁',
            '(d − z)·z(1 − z)·w₂·y(1 − y)·x',
            true,
            s => `${brace(s.dz)}·${brace(s.z1z)}·${brace(w2)}·${brace(s.y1y)}·${brace(x)}`,
        ),
    ];
};

function Picture() {
    const { reply, refused } = useReply<Simplest>({ do: 'simplest', ...given() });
    const said = reply?.header;
    if (said === undefined) return <Refused text={refused} />;
    const all = lines();
    const shown = Math.min(all.length, Math.max(0, Math.round(number('line', all.length))));
    return (
        <>
            <Refused text={refused} />
            <Wide label={own('drawing')}>
                <Chain said={said} shown={shown} />
            </Wide>
            <div class="row">
                <Button
                    icon="back"
                    label={own('back')}
                    testid="hand-back"
                    disabled={shown === 0}
                    onPress={() => put({ line: shown - 1 })}
                />
                <Button
                    kind="primary"
                    icon="step"
                    wide
                    label={own('next')}
                    testid="hand-next"
                    disabled={shown === all.length}
                    onPress={() => put({ line: shown + 1 })}
                />
                <Button label={own('all')} testid="hand-all" onPress={() => put({ line: undefined })} />
            </div>
            <div class="stack">
                <div class="scroll-x" tabIndex={0} role="region" aria-label={own('numbers')}>
                    <table class="hand-lines" data-testid="hand-lines">
                        {[false, true].map(back => (
                            <tbody key={String(back)}>
                                <tr>
                                    <th colSpan={3} scope="rowgroup">
                                        {own(back ? 'backward' : 'forward')}
                                    </th>
                                </tr>
                                {all.map(
                                    (line, k) =>
                                        line.back === back && (
                                            <tr key={line.name} class={k < shown ? '' : 'hidden-line'}>
                                                <td>
                                                    {line.symbol} = {line.text}
                                                </td>
                                                <td class="quiet">{k < shown ? line.numbers(said) : ''}</td>
                                                <td data-testid={`hand-${line.name}`}>
                                                    {k < shown ? show(said[line.name]) : '?'}
                                                </td>
                                            </tr>
                                        ),
                                )}
                            </tbody>
                        ))}
                    </table>
                </div>
                <div class="stack">
                    <Quiz />
                    <h3>{own('check')}</h3>
                    <div class="figures">
                        <Figure name="ΔP/Δw₁" testid="hand-numeric1">
                            {shown === all.length ? show(said.numeric1) : '?'}
                        </Figure>
                        <Figure name="ΔP/Δw₂" testid="hand-numeric2">
                            {shown === all.length ? show(said.numeric2) : '?'}
                        </Figure>
                    </div>
                    <p class="note">{own('differences', { h: show(said.h) })}</p>
                    <div class="row">
                        <Button
                            label={own('step')}
                            testid="hand-step"
                            onPress={() => put({ w1: said.nextW1, w2: said.nextW2 })}
                        />
                        <Figure name={own('after')} testid="hand-after">
                            {show(said.nextP)}
                        </Figure>
                    </div>
                </div>
            </div>
            <div class="controls-grid">
                {(
                    [
                        ['x', -3, 3],
                        ['w1', -10, 10],
                        ['w2', -10, 10],
                        ['d', 0, 1],
                        ['rate', 0, 10],
                    ] as const
                ).map(([name, low, high]) => (
                    <Slider
                        key={name}
                        label={own(name)}
                        testid={`hand-set-${name}`}
                        value={number(name, begin[name])}
                        min={low}
                        max={high}
                        step={0.1}
                        show={value => show(value, 3)}
                        onSet={value => put({ [name]: value })}
                    />
                ))}
            </div>
            <Numbers
                testid="hand-numbers"
                columns={[own('symbol'), own('numbers'), own('value')]}
                rows={all
                    .slice(0, shown)
                    .map(line => [`${line.symbol} = ${line.text}`, line.numbers(said), said[line.name]])}
            />
        </>
    );
}

/** Takes the learner's number, and the engine says whether it is right. */
function Quiz() {
    const typed = useSignal('');
    const verdict = useSignal<'right' | 'sign' | 'wrong' | undefined>(undefined);
    const of = choice('quiz', ['dPdw2', 'dPdw1', 'z1z', 'y1y', 'dz'], 'dPdw2');
    const symbolOf = (name: string) => lines().find(line => line.name === name)?.symbol ?? name;
    const read = parseNumber(typed.value);
    const check = async () => {
        if (!read.ok) return;
        const { header } = await consult<Simplest>({ do: 'simplest', ...given(), of, guess: read.value });
        verdict.value = header.right === true ? 'right' : header.signOnly === true ? 'sign' : 'wrong';
    };
    return (
        <form
            class="quiz"
            onSubmit={event => {
                event.preventDefault();
                void check();
            }}
        >
            <h3>{own('quiz')}</h3>
            <div class="row">
                <input
                    class="link-text quiz-input"
                    inputMode="decimal"
                    autoComplete="off"
                    aria-label={own('type', { what: symbolOf(of) })}
                    data-testid="hand-guess"
                    value={typed.value}
                    onInput={event => {
                        typed.value = event.currentTarget.value;
                        verdict.value = undefined;
                    }}
                />
                <Select
                    label={own('of')}
                    hideLabel
                    testid="hand-quiz-of"
                    value={of}
                    options={(['dPdw2', 'dPdw1', 'z1z', 'y1y', 'dz'] as const).map(value => ({
                        value,
                        text: symbolOf(value),
                    }))}
                    onPick={quiz => {
                        verdict.value = undefined;
                        put({ quiz });
                    }}
                />
                <Button label={own('answer')} testid="hand-check" disabled={!read.ok} onPress={() => void check()} />
            </div>
            <p role="status" data-testid="hand-verdict">
                {verdict.value !== undefined && own(verdict.value)}
            </p>
        </form>
    );
}

/** The chain with what is known of it so far. */
function Chain({ said, shown }: { readonly said: Simplest; readonly shown: number }) {
    const { x, w1, w2, d } = given();
    const value = (at: number, number: number) => (shown > at ? show(number) : '?');
    const nodes = [
        ['x', show(x)],
        ['p₁', value(0, said.p1)],
        ['y', value(1, said.y)],
        ['p₂', value(2, said.p2)],
        ['z', value(3, said.z)],
        ['P', value(4, said.P)],
    ] as const;
    const links = [`w₁ = ${show(w1, 3)}`, 'β', `w₂ = ${show(w2, 3)}`, 'β', `d = ${show(d, 3)}`];
    const backs: readonly (readonly [number, string])[] = [
        [0, shown > 9 ? `∂P/∂w₁ ${show(said.dPdw1)}` : ''],
        [1, shown > 8 ? `y(1 − y) ${show(said.y1y)}` : ''],
        [2, shown > 7 ? `∂P/∂w₂ ${show(said.dPdw2)}` : ''],
        [3, shown > 6 ? `z(1 − z) ${show(said.z1z)}` : ''],
        [4, shown > 5 ? `d − z ${show(said.dz)}` : ''],
    ];
    const at = (k: number) => 60 + k * 152;
    return (
        <svg
            class="hand-chain"
            viewBox="0 0 880 150"
            role="img"
            aria-label={own('chain', { text: nodes.map(([name, number]) => `${name} = ${number}`).join(', ') })}
        >
            {links.map((text, k) => (
                <g key={k}>
                    <path class="link plain" d={`M${at(k) + 34} 62H${at(k + 1) - 38}M${at(k + 1) - 46} 57l8 5l-8 5`} />
                    <text x={at(k) + 76} y={50} text-anchor="middle">
                        {text}
                    </text>
                    {backs[k]![1] !== '' && (
                        <>
                            <path
                                class="link returning"
                                d={`M${at(k + 1) - 34} 84H${at(k) + 38}M${at(k) + 46} 79l-8 5l8 5`}
                            />
                            <text class="returning" x={at(k) + 76} y={106} text-anchor="middle">
                                {backs[k]![1]}
                            </text>
                        </>
                    )}
                </g>
            ))}
            {nodes.map(([name, number], k) => (
                <g key={name}>
                    <circle class="node strong" cx={at(k)} cy={70} r={33} />
                    <text class="name" x={at(k)} y={66} text-anchor="middle">
                        {name}
                    </text>
                    <text class="in" x={at(k)} y={84} text-anchor="middle">
                        {number}
                    </text>
                </g>
            ))}
        </svg>
    );
}

const scene: Scene = {
    text: () => [own('text1'), own('text2')],
    Picture,
    tries: [
        { name: 'far', text: () => own('try-far'), press: () => start({ w1: 8 }) },
        { name: 'zero', text: () => own('try-zero'), press: () => start({ w2: 0 }) },
        {
            name: 'step',
            text: () => own('try-step'),
            press: async () => {
                const { header } = await consult<Simplest>({ do: 'simplest', ...given() });
                put({ w1: header.nextW1, w2: header.nextW2, line: undefined });
            },
        },
    ],
    question: {
        text: () => own('ask'),
        options: named(own, 'larger', 'smaller', 'same'),
        run: async () => {
            start();
            const at = async (w1: number) =>
                (await consult<Simplest>({ do: 'simplest', x: 1, w1, w2: -1, d: 1 })).header.P;
            const [before, after] = [await at(0.5), await at(0.6)];
            return after > before ? 'larger' : after < before ? 'smaller' : 'same';
        },
        because: () => own('because'),
    },
    notes: () => [own('note-1'), own('note-2')],
};
export default scene;
