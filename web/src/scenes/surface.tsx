// The error surface (L10, L11): the loss of the live network over any two of its weights, and the way down on it.

import { theme } from '../look/theme';
import { Button, Check, Select, Slider } from '../parts/controls';
import { clock, consult, state } from '../session';
import { texts } from '../text';
import { show, whole } from '../text/numbers';
import {
    clamp,
    Landscape,
    landscapeFrame,
    linkOf,
    links,
    nameOf,
    onMap,
    useDescent,
    useSurface,
    valueOf,
    WayLine,
    WaySliders,
    type Descent,
    type Link,
} from './landscape';
import { Figure, Handle, Numbers, Refused } from './parts';
import { relief } from './relief';
import { choice, named, number, put, start, word, type Scene } from './scene';
import { Space } from './space';

const own = texts({
    text1: 'Two weights of the network below are free, all others stay as they are. Each place of the map is a network, and its height the cost of the training data: this is the true surface, not a drawing of one.',
    text2: 'Descent moves all weights at once, so it leaves the plane that is shown. How far, and how much that matters, is said beside the map.',
    'try-down': 'Go down 100 updates from here',
    'try-train': 'Train the network itself: press Train above and watch the surface change',
    'try-corner': 'Start on the plateau in the corner: how far do 300 updates get?',
    ask: 'All weights learn, but only two are on the map. After 200 updates, the cost read off the map at the end of the path is',
    higher: 'higher than the true cost',
    same: 'the same as the true cost',
    lower: 'lower than the true cost',
    because:
        'The other weights have learned too. On the map they are held where they were, so the map does not know what they have done for the cost.',
    'note-1':
        'Most published pictures of error surfaces hide this: a path drawn on a plane that the network has long left.',
    'note-2': 'Climb P: the same picture upside down, the same update to the last bit.',
    first: 'First weight, to the right',
    second: 'Second weight, up',
    updates: 'Updates of the descent',
    walk: 'Where on the path',
    reach: 'How far the map reaches',
    only: 'Move these two weights alone',
    view: 'View',
    descend: 'descend C',
    climb: 'climb P = −C',
    space: 'The surface in space, with the descent on it',
    map: 'The surface over the two weights, with the descent on it',
    start: 'Where the descent starts',
    here: 'Start where the network is',
    cost: 'Cost of the network',
    performance: 'Performance of the network',
    true: 'True, after {count} updates',
    plane: 'Read off the map there',
    off: 'Distance from the shown plane',
    update: 'Update',
    trueColumn: 'true',
    planeColumn: 'map',
    offColumn: 'off plane',
    coarse: 'A first, coarse picture; the fine one is on its way.',
    fine: '60 × 60 networks, each measured on all {rows} training examples.',
});

const firstOf = () => linkOf(word('a', ''), [0, 0, 0]);
const secondOf = () => {
    const [first, second] = [firstOf(), linkOf(word('b', ''), [0, 1, 0])];
    return nameOf(first) === nameOf(second)
        ? (links().find(one => one.name !== nameOf(first))?.link ?? second)
        : second;
};
const climbs = () => choice('view', ['descend', 'climb'], 'descend') === 'climb';
const fromOf = (): readonly [number, number] | undefined => {
    const [a, b] = [number('fromA', Number.NaN), number('fromB', Number.NaN)];
    return Number.isFinite(a) && Number.isFinite(b) ? [a, b] : undefined;
};

function Picture() {
    const [first, second] = [firstOf(), secondOf()];
    const reach = number('reach', 4);
    const window = [-reach, reach, -reach, reach];
    const when = `${state.value?.version} ${state.value?.timeline} ${clock.value?.step}`;
    const heights = useSurface(first, second, window, climbs(), when);
    const from = fromOf();
    const updates = Math.round(number('updates', 0));
    const only = choice('only', ['no', 'yes'], 'no') === 'yes';
    const { paths, ways, refused } = useDescent(
        { first, second, ...(from === undefined ? {} : { from }), only, climb: climbs(), ways: [{ updates }] },
        when,
    );
    const path = paths[0] ?? [];
    const walk = Math.round(number('walk', updates));
    const at = path[Math.min(path.length - 1, walk)];
    const begin = path[0];
    const frame = landscapeFrame(window);
    const names = links();
    const nameText = (link: Link) => names.find(one => one.name === nameOf(link))?.text ?? '';
    const place = (a: number, b: number) => put({ fromA: onMap(a, reach), fromB: onMap(b, reach) });
    const [a, b] = [from?.[0] ?? valueOf(first) ?? begin?.a ?? 0, from?.[1] ?? valueOf(second) ?? begin?.b ?? 0];
    return (
        <>
            <Refused text={refused} />
            <div class="controls-grid">
                <Select
                    label={own('first')}
                    testid="surface-first"
                    value={nameOf(first)}
                    options={names.map(one => ({ value: one.name, text: one.text }))}
                    onPick={name => put({ a: name, fromA: undefined, fromB: undefined })}
                />
                <Select
                    label={own('second')}
                    testid="surface-second"
                    value={nameOf(second)}
                    options={names.map(one => ({ value: one.name, text: one.text }))}
                    onPick={name => put({ b: name, fromA: undefined, fromB: undefined })}
                />
                <Select
                    label={own('view')}
                    testid="surface-view"
                    value={climbs() ? 'climb' : 'descend'}
                    options={(['descend', 'climb'] as const).map(value => ({ value, text: own(value) }))}
                    onPick={view => put({ view })}
                />
            </div>
            <div class="surface-pair">
                <figure>
                    <Space
                        label={own('space')}
                        testid="surface-space"
                        when={[
                            heights?.size,
                            when,
                            JSON.stringify([first, second, window, climbs(), from, updates, walk, only]),
                            theme.value.ink,
                            paths.length,
                            path.length,
                        ].join()}
                        parts={() => (heights === undefined ? [] : relief(heights, frame, path, at))}
                    />
                </figure>
                <figure>
                    <Landscape
                        heights={heights}
                        frame={frame}
                        label={own('map')}
                        x={nameText(first)}
                        y={nameText(second)}
                        testid="surface-map"
                        onPlace={place}
                        above={
                            <Handle
                                frame={frame}
                                x={clamp(a, reach)}
                                y={clamp(b, reach)}
                                label={own('start')}
                                text={`${show(a, 3)}, ${show(b, 3)}`}
                                testid="surface-start"
                                onMove={place}
                                onNudge={(right, up) => place(a + (right * reach) / 40, b + (up * reach) / 40)}
                            />
                        }
                    >
                        <WayLine frame={frame} path={path} />
                        {at !== undefined && <circle class="ball" cx={frame.px(at.a)} cy={frame.py(at.b)} r={7} />}
                    </Landscape>
                    <figcaption class="caption" data-testid="surface-fineness">
                        {heights?.size === 60 ? own('fine', { rows: state.value?.data.train ?? 0 }) : own('coarse')}
                    </figcaption>
                </figure>
            </div>
            <div class="surface-pair">
                <div class="stack">
                    <div class="figures">
                        <Figure name={own(climbs() ? 'performance' : 'cost')} testid="surface-loss">
                            {heights === undefined ? '–' : show(heights.loss)}
                        </Figure>
                    </div>
                    <WaySliders
                        testid="surface"
                        labels={[own('updates'), own('walk')]}
                        updates={updates}
                        walk={walk}
                        min={0}
                        max={500}
                    />
                    {at !== undefined && (
                        <div class="figures">
                            <Figure name={own('true', { count: at.update })} testid="surface-true">
                                {show(at.loss)}
                            </Figure>
                            <Figure name={own('plane')} testid="surface-plane">
                                {show(at.plane)}
                            </Figure>
                            <Figure name={own('off')} testid="surface-off">
                                {show(at.off)}
                            </Figure>
                        </div>
                    )}
                </div>
                <div class="stack">
                    <Slider
                        label={own('reach')}
                        testid="surface-reach"
                        value={reach}
                        min={1}
                        max={10}
                        step={1}
                        show={value => `± ${whole(value)}`}
                        onSet={value => put({ reach: value })}
                    />
                    <Check
                        label={own('only')}
                        testid="surface-only"
                        on={only}
                        onSet={on => put({ only: on ? 'yes' : undefined })}
                    />
                    {from !== undefined && (
                        <Button
                            label={own('here')}
                            testid="surface-here"
                            onPress={() => put({ fromA: undefined, fromB: undefined })}
                        />
                    )}
                    <Numbers
                        testid="surface-numbers"
                        columns={[
                            own('update'),
                            nameText(first),
                            nameText(second),
                            own('trueColumn'),
                            own('planeColumn'),
                            own('offColumn'),
                        ]}
                        rows={path.map(p => [String(p.update), p.a, p.b, p.loss, p.plane, p.off])}
                    />
                    {ways[0]?.diverged === true && <Refused text="∞" />}
                </div>
            </div>
        </>
    );
}

const scene: Scene = {
    begin: { learningRate: 0.1, train: 1 },
    trains: true,
    wants: { parameters: true, measures: true },
    text: () => [own('text1'), own('text2')],
    Picture,
    tries: [
        { name: 'down', text: () => own('try-down'), press: () => put({ updates: 100, walk: undefined }) },
        {
            name: 'corner',
            text: () => own('try-corner'),
            press: () => put({ fromA: -3, fromB: 3, updates: 300, walk: undefined }),
        },
        {
            name: 'train',
            text: () => own('try-train'),
            press: () => document.querySelector<HTMLElement>('[data-testid="play"]')?.focus(),
        },
    ],
    question: {
        text: () => own('ask'),
        options: named(own, 'higher', 'same', 'lower'),
        run: async () => {
            start({ updates: 200 });
            const reply = await consult<Descent>({
                do: 'descent',
                first: [0, 0, 0],
                second: [0, 1, 0],
                ways: [{ updates: 200 }],
            });
            const rows = reply.blocks['path0'] as Float64Array;
            const [truth, plane] = [rows.at(-4)!, rows.at(-3)!];
            return Math.abs(plane - truth) < 0.01 * truth ? 'same' : plane > truth ? 'higher' : 'lower';
        },
        because: () => own('because'),
    },
    notes: () => [own('note-1'), own('note-2')],
};
export default scene;
