// Momentum (L15): two balls from one place on the same surface, one with mass and one without.

import { Select, Slider } from '../parts/controls';
import type { Reply } from '../protocol';
import { consult, set, state } from '../session';
import { texts } from '../text';
import { show } from '../text/numbers';
import {
    Landscape,
    landscapeFrame,
    onMap,
    useDescent,
    useSurface,
    WayLine,
    WaySliders,
    type Descent,
    type Link,
} from './landscape';
import { Figure, Handle, Numbers, Refused } from './parts';
import { named, number, put, start, useReply, type Scene } from './scene';

const own = texts({
    text1: 'Movement = momentum + negative gradient: v ← γ·v − η∇C, w ← w + v. The dashed ball has no mass and follows the slope alone. The other keeps a share γ of its speed (Polyak, 1964).',
    text2: 'Both start at the same place and move over the same two weights of a real network; the arrow is the ball’s last movement.',
    'try-half': 'γ = 0.5, for the beginning',
    'try-nine': 'γ = 0.9, once learning has settled',
    'try-wild': 'γ = 0.99: it swings past and back',
    'try-critical': 'In a bowl, with the γ that is critical there',
    ask: 'Sixty updates from the same start. Which ball is lower, the one with γ = 0.9 or the one without?',
    mass: 'the one with mass',
    plain: 'the one without',
    because:
        'On a long gentle slope the steps of plain descent are tiny. Speed adds up there to nearly 1/(1 − γ) = 10 times the step.',
    'note-1': 'Polyak 1964. Let them watch the arrow, not the path: it is the memory.',
    'note-2':
        'The lecture’s recipe is γ = 0.5 until learning settles and 0.9 or more afterwards: a schedule in the playground.',
    gamma: 'γ',
    rate: 'Learning rate η',
    updates: 'Updates',
    walk: 'Where on the way',
    map: 'The surface with the two ways',
    start: 'Where both start',
    damping: 'Where the ball is: {direction} direction, curvature {curvature}',
    steep: 'steep',
    gentle: 'gentle',
    under: 'under-damped: it swings past and back',
    critical: 'critically damped: fastest without swinging',
    over: 'over-damped: it creeps',
    alternating: 'it jumps to the other side at each update',
    diverging: 'it gets faster and faster: η is too large',
    downhill: 'nothing pulls back here: it runs on',
    keeps: 'keeps {share} of the distance per update; critical would be γ = {critical}',
    lossMass: 'Cost, with momentum',
    lossPlain: 'Cost, without',
    update: 'Update',
    massA: 'with: first',
    massB: 'with: second',
    massC: 'with: cost',
    plainA: 'without: first',
    plainB: 'without: second',
    plainC: 'without: cost',
});

const FIRST: Link = [0, 0, 0];
const SECOND: Link = [0, 1, 0];
const REACH = 6;
const WINDOW = [-REACH, REACH, -REACH, REACH];
const gammas = [0, 0.5, 0.9, 0.99] as const;
const gammaOf = () => Math.min(1, Math.max(0, number('gamma', 0.9)));
const placeOf = (): readonly [number, number] => [number('fromA', -4), number('fromB', 0)];
const ways = (gamma: number, rate: number, updates: number) => [
    { optimizer: `momentum(gamma=${gamma})`, learningRate: rate, updates },
    { optimizer: 'gradient_descent', learningRate: rate, updates },
];

type Regime = 'under' | 'critical' | 'over' | 'alternating' | 'diverging' | 'downhill';

interface Damped extends Reply {
    readonly eigenvalues: readonly number[];
    readonly damping: readonly {
        readonly regime: Regime;
        readonly radius: number | null;
        readonly criticalGamma: number | null;
    }[];
}

const dampingAt = (at: readonly number[], gamma: number, learningRate: number) => ({
    do: 'hessian',
    first: FIRST,
    second: SECOND,
    at,
    gamma,
    learningRate,
});

function Picture() {
    const [a, b] = placeOf();
    const rate = number('rate', 0.3);
    const updates = Math.round(number('updates', 60));
    const when = state.value?.version;
    const heights = useSurface(FIRST, SECOND, WINDOW, false, when);
    const { paths, refused } = useDescent(
        { first: FIRST, second: SECOND, from: [a, b], only: true, ways: ways(gammaOf(), rate, updates) },
        when,
    );
    const walk = Math.min(updates, Math.round(number('walk', updates)));
    const frame = landscapeFrame(WINDOW);
    const place = (x: number, y: number) => put({ fromA: onMap(x, REACH), fromB: onMap(y, REACH) });
    const [mass, plain] = [paths[0] ?? [], paths[1] ?? []];
    const ball = mass[Math.min(mass.length - 1, walk)];
    const damped = useReply<Damped>(
        ball === undefined ? undefined : dampingAt([ball.a, ball.b], gammaOf(), rate),
        when,
    );
    const before = mass[Math.min(mass.length - 1, walk) - 1];
    const other = plain[Math.min(plain.length - 1, walk)];
    return (
        <>
            <Refused text={refused} />
            <div class="side-by-side">
                <figure>
                    <Landscape
                        heights={heights}
                        frame={frame}
                        label={own('map')}
                        x="w₁"
                        y="w₂"
                        testid="momentum-map"
                        onPlace={place}
                        above={
                            <Handle
                                frame={frame}
                                x={a}
                                y={b}
                                label={own('start')}
                                text={`${show(a, 3)}, ${show(b, 3)}`}
                                testid="momentum-start"
                                onMove={place}
                                onNudge={(right, up) => place(a + right / 10, b + up / 10)}
                            />
                        }
                    >
                        {[plain, mass].map((path, k) => (
                            <WayLine
                                key={k}
                                frame={frame}
                                path={path.slice(0, walk + 1)}
                                kind={k === 0 ? ' second' : ''}
                            />
                        ))}
                        {other !== undefined && (
                            <circle class="ball second" cx={frame.px(other.a)} cy={frame.py(other.b)} r={7} />
                        )}
                        {ball !== undefined && before !== undefined && (
                            <path
                                class="velocity"
                                d={`M${frame.px(ball.a)} ${frame.py(ball.b)}L${frame.px(ball.a + 4 * (ball.a - before.a))} ${frame.py(ball.b + 4 * (ball.b - before.b))}`}
                            />
                        )}
                        {ball !== undefined && (
                            <circle class="ball" cx={frame.px(ball.a)} cy={frame.py(ball.b)} r={9} />
                        )}
                    </Landscape>
                </figure>
                <div class="stack">
                    <div class="figures">
                        <Figure name={own('lossMass')} testid="momentum-mass">
                            {ball === undefined ? '–' : show(ball.loss)}
                        </Figure>
                        <Figure name={own('lossPlain')} testid="momentum-plain">
                            {other === undefined ? '–' : show(other.loss)}
                        </Figure>
                    </div>
                    {damped.reply !== undefined && <Regimes said={damped.reply.header} />}
                    <Select
                        label={own('gamma')}
                        testid="momentum-gamma"
                        value={String(gammaOf())}
                        options={[...new Set([...gammas, gammaOf()])].map(value => ({
                            value: String(value),
                            text: `γ = ${show(value, 3)}`,
                        }))}
                        onPick={value => put({ gamma: Number(value) })}
                    />
                    <Slider
                        label={own('rate')}
                        testid="momentum-rate"
                        value={rate}
                        min={0.1}
                        max={5}
                        step={0.1}
                        show={value => show(value, 2)}
                        onSet={value => put({ rate: value })}
                    />
                    <WaySliders
                        testid="momentum"
                        labels={[own('updates'), own('walk')]}
                        updates={updates}
                        walk={walk}
                        min={10}
                        max={300}
                    />
                    <Numbers
                        testid="momentum-numbers"
                        columns={[own('update'), own('massA'), own('massB'), own('massC'), own('plainA'), own('plainB'), own('plainC')]} // prettier-ignore
                        rows={mass.map((p, k) => [
                            String(p.update),
                            p.a,
                            p.b,
                            p.loss,
                            plain[k]?.a ?? null,
                            plain[k]?.b ?? null,
                            plain[k]?.loss ?? null,
                        ])}
                    />
                </div>
            </div>
        </>
    );
}

/** How the ball moves along the two directions of curvature, the steep one first. */
function Regimes({ said }: { readonly said: Damped }) {
    return (
        <ul class="regimes" data-testid="momentum-regimes">
            {[1, 0].map(k => {
                const { regime, radius, criticalGamma } = said.damping[k]!;
                return (
                    <li key={k}>
                        <span class="figure-name">
                            {own('damping', {
                                direction: own(k === 1 ? 'steep' : 'gentle'),
                                curvature: show(said.eigenvalues[k]!, 3),
                            })}
                        </span>
                        <b data-testid={`momentum-regime-${k === 1 ? 'steep' : 'gentle'}`}>{own(regime)}</b>
                        {radius !== null && criticalGamma !== null && (
                            <span class="note">
                                {own('keeps', { share: show(radius, 3), critical: show(criticalGamma, 3) })}
                            </span>
                        )}
                    </li>
                );
            })}
        </ul>
    );
}

const base = { data: 'gauss', scaling: 'auto', layers: '', batch: 0, train: 1, rows: 200, noise: 0.2 };

/** A linear unit on inputs of one scale: its cost is a bowl of the same curvature everywhere. */
const bowl = { ...base, data: 'plane', scaling: 'standard' };

const scene: Scene = {
    begin: base,
    text: () => [own('text1'), own('text2')],
    Picture,
    tries: [
        { name: 'half', text: () => own('try-half'), press: () => put({ gamma: 0.5 }) },
        { name: 'nine', text: () => own('try-nine'), press: () => put({ gamma: 0.9 }) },
        { name: 'wild', text: () => own('try-wild'), press: () => put({ gamma: 0.99, updates: 200, walk: undefined }) },
        {
            name: 'critical',
            text: () => own('try-critical'),
            press: async () => {
                start({ rate: 0.1 });
                await set(bowl);
                // The gentle direction is the slow one: what is critical for it comes down fastest.
                const { header } = await consult<Damped>(dampingAt(placeOf(), gammaOf(), 0.1));
                put({ gamma: header.damping[0]!.criticalGamma!, walk: 15 });
            },
        },
    ],
    question: {
        text: () => own('ask'),
        options: named(own, 'mass', 'plain'),
        run: async () => {
            start({ gamma: 0.9 });
            await set(base);
            const { header } = await consult<Descent>({
                do: 'descent',
                first: FIRST,
                second: SECOND,
                from: [-4, 0],
                only: true,
                ways: ways(0.9, 0.3, 60),
            });
            return header.ways[0]!.loss < header.ways[1]!.loss ? 'mass' : 'plain';
        },
        because: () => own('because'),
    },
    notes: () => [own('note-1'), own('note-2')],
};
export default scene;
