// The lecture: the index of the course, or one scene with its bar. Loaded when an address asks for it.

import { effect, useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { Listening, Notices } from '../panels/notices';
import { Help } from '../panels/help';
import { Brand, Clock, HelpButton, Look, Share, TakeAway, Transport } from '../panels/top';
import { Button } from '../parts/controls';
import { refusal, sceneWants, set, setting, state, visit } from '../session';
import { t } from '../text';
import { Course } from './course';
import './lecture.css';
import { beginning, goTo, leave, open, presenting, startAgain, type Question, type Scene } from './scene';
import { scenes, type SceneEntry } from './table';
import { titleOf } from './titles';

export function Lecture() {
    const name = setting('scene', '');
    const entry = scenes.find(scene => scene.name === name);
    useEffect(() => {
        if (entry !== undefined && open.value?.entry !== entry) void arrive(entry);
    }, [entry]);
    useEffect(() => effect(() => void (sceneWants.value = wantsNow())), []);
    useEffect(() => () => void (sceneWants.value = undefined), []);
    useEffect(() => {
        document.title = entry === undefined ? `${t('course.title')} · Downhill` : `${titleOf(entry)} · Downhill`;
        return () => void (document.title = 'Downhill');
    }, [entry]);
    const shown = open.value;
    return (
        <div class={`app lecture${presenting.value ? ' presenting' : ''}`} data-testid="lecture">
            <a class="skip" href="#scene" onClick={toScene}>
                {t('scene.skip')}
            </a>
            <SceneBar entry={entry} trains={shown?.entry === entry && shown?.scene.trains === true} />
            <Notices />
            {entry === undefined ? (
                <Course />
            ) : shown?.entry === entry ? (
                <Stage key={entry.name} entry={entry} scene={shown.scene} />
            ) : (
                <main class="scene" aria-busy="true" />
            )}
            <Presenter entry={entry} scene={shown?.entry === entry ? shown?.scene : undefined} />
            <Help />
            <Listening />
        </div>
    );
}

/** Pictures of the network are nobody's to see here, unless the scene wants some. */
const wantsNow = () => ({ ...open.value?.scene.wants });

function toScene(event: MouseEvent): void {
    event.preventDefault();
    document.querySelector<HTMLElement>('#scene')?.focus();
}

/** An address that names a scene and no setting of data, network or training opens it as it begins. */
async function arrive(entry: SceneEntry): Promise<void> {
    const here = visit.peek();
    const { default: scene } = await entry.load();
    if (visit.peek() !== here) return;
    const view = ['v', 'scene', 'theme', 'lang', 'hide', 'with'];
    const named = (state.value?.hash ?? '').replace(/^#/, '').split('&');
    if (named.every(part => part === '' || view.includes(part.slice(0, part.indexOf('=')))))
        await set(beginning(scene));
    open.value = { entry, scene };
}

// ---------------------------------------------------------------- the bar

function SceneBar({ entry, trains }: { readonly entry: SceneEntry | undefined; readonly trains: boolean }) {
    return (
        <header class={trains ? 'top trains' : 'top'}>
            <Brand />
            <nav class="scene-nav" aria-label={t('scene.nav')}>
                <Button
                    kind="quiet"
                    icon="course"
                    wide
                    label={t('course.short')}
                    testid="course"
                    pressed={entry === undefined}
                    onPress={() => leave('course')}
                />
                {entry !== undefined && (
                    <>
                        <Button
                            kind="quiet"
                            icon="previous"
                            label={t('scene.previous')}
                            testid="scene-previous"
                            disabled={neighbour(entry, -1) === undefined}
                            onPress={() => move(entry, -1)}
                        />
                        <span class="choose">
                            <select
                                aria-label={t('scene.choose')}
                                data-testid="scene-choose"
                                value={entry.name}
                                onChange={event => {
                                    const to = scenes.find(scene => scene.name === event.currentTarget.value);
                                    if (to !== undefined) void goTo(to);
                                }}
                            >
                                {scenes.map(scene => (
                                    <option key={scene.name} value={scene.name}>
                                        {titleOf(scene)}
                                    </option>
                                ))}
                            </select>
                        </span>
                        <Button
                            kind="quiet"
                            icon="next"
                            label={t('scene.next')}
                            testid="scene-next"
                            disabled={neighbour(entry, 1) === undefined}
                            onPress={() => move(entry, 1)}
                        />
                    </>
                )}
            </nav>
            {trains && (
                <>
                    <Transport />
                    <Clock />
                </>
            )}
            <nav class="top-right" aria-label={t('top.more')}>
                {entry !== undefined && (
                    <Button
                        kind="quiet"
                        icon="reset"
                        label={t('scene.again')}
                        testid="scene-again"
                        onPress={startAgain}
                    />
                )}
                <Button
                    kind="quiet"
                    icon="present"
                    wide
                    label={t('present.start')}
                    testid="present"
                    pressed={presenting.value}
                    onPress={() => present(!presenting.value)}
                />
                <Share />
                {trains && <TakeAway />}
                <Look />
                <Button
                    kind="quiet"
                    icon="network"
                    wide
                    label={t('scene.playground')}
                    testid="to-playground"
                    onPress={() => leave('')}
                />
                <HelpButton />
            </nav>
        </header>
    );
}

const neighbour = (entry: SceneEntry | undefined, by: number) =>
    entry === undefined ? scenes[by > 0 ? 0 : -1] : scenes[scenes.indexOf(entry) + by];

function move(entry: SceneEntry | undefined, by: number): void {
    const to = neighbour(entry, by);
    if (to !== undefined) void goTo(to);
}

// ---------------------------------------------------------------- one scene

function Stage({ entry, scene }: { readonly entry: SceneEntry; readonly scene: Scene }) {
    return (
        <main class="scene" id="scene" tabIndex={-1} data-testid={`scene-${entry.name}`}>
            <div class="scene-words">
                <p class="scene-rows">{t('scene.rows', { rows: entry.rows.replace(' ', ', ') })}</p>
                <h2>{titleOf(entry)}</h2>
                <div class="scene-text">
                    {scene.text().map(paragraph => (
                        <p key={paragraph}>{paragraph}</p>
                    ))}
                </div>
            </div>
            <div class="scene-picture" data-testid="scene-picture">
                <scene.Picture />
            </div>
            <div class="scene-do">
                <section class="scene-tries">
                    <h3>{t('scene.try')}</h3>
                    <ul>
                        {scene.tries.map(one => (
                            <li key={one.name}>
                                <button
                                    type="button"
                                    class="try"
                                    data-testid={`try-${one.name}`}
                                    onClick={() => one.press()}
                                >
                                    {one.text()}
                                </button>
                            </li>
                        ))}
                    </ul>
                </section>
                <Predict question={scene.question} />
            </div>
        </main>
    );
}

/** Predict, then run: the outcome is what the engine did, not what a text says. */
function Predict({ question }: { readonly question: Question }) {
    const guess = useSignal<string | undefined>(undefined);
    const outcome = useSignal<string | undefined>(undefined);
    const running = useSignal(false);
    const textOf = (name: string) => question.options.find(option => option.name === name)?.text() ?? name;
    // A run ends where it is when the reader leaves the scene, or starts it again.
    useEffect(() => {
        running.value = false;
        outcome.value = undefined;
    }, [visit.value]);
    const run = async () => {
        running.value = true;
        outcome.value = undefined;
        try {
            outcome.value = await question.run();
        } catch (error) {
            refusal.value = error instanceof Error ? error.message : String(error);
        }
        running.value = false;
    };
    return (
        <section class="predict" data-testid="predict">
            <h3>{t('scene.predict')}</h3>
            <p>{question.text()}</p>
            <div class="predict-options" role="group" aria-label={t('scene.prediction')}>
                {question.options.map(option => (
                    <button
                        key={option.name}
                        type="button"
                        class="guess"
                        data-testid={`predict-${option.name}`}
                        aria-pressed={guess.value === option.name}
                        onClick={() => {
                            guess.value = option.name;
                            outcome.value = undefined;
                        }}
                    >
                        {option.text()}
                    </button>
                ))}
            </div>
            <Button
                kind="primary"
                icon="play"
                wide
                label={running.value ? t('scene.running') : t('scene.run')}
                testid="predict-run"
                disabled={guess.value === undefined || running.value}
                onPress={run}
            />
            <div role="status" data-testid="predict-outcome">
                {outcome.value !== undefined && guess.value !== undefined && (
                    <>
                        <p class="outcome">
                            <b>{t(outcome.value === guess.value ? 'scene.right' : 'scene.wrong')}</b>{' '}
                            {t('scene.outcome', { outcome: textOf(outcome.value) })}
                        </p>
                        <p>{question.because()}</p>
                    </>
                )}
            </div>
        </section>
    );
}

// ---------------------------------------------------------------- presenting

function present(on: boolean): void {
    presenting.value = on;
    if (on) void document.documentElement.requestFullscreen?.().catch(() => undefined);
    else if (document.fullscreenElement !== null) void document.exitFullscreen().catch(() => undefined);
}

/**
 * Large type; a clicker's keys (PageUp, PageDown) go through the scenes; B or . blacks the screen out; N shows notes,
 * L the list.
 */
function Presenter({ entry, scene }: { readonly entry: SceneEntry | undefined; readonly scene: Scene | undefined }) {
    const black = useSignal(false);
    const notes = useSignal(false);
    const list = useSignal(false);
    const first = useRef<HTMLButtonElement>(null);
    useEffect(() => {
        const onKey = (event: KeyboardEvent) => {
            const from = event.target as HTMLElement;
            const typing = from.closest('input:not([type=range]):not([type=checkbox]), textarea, select') !== null;
            if (event.ctrlKey || event.metaKey || event.altKey || typing) return;
            if (!presenting.value || document.querySelector('dialog[open]') !== null) return;
            const acts: Readonly<Record<string, () => void>> = {
                PageDown: () => move(entry, 1),
                PageUp: () => move(entry, -1),
                b: () => (black.value = !black.value),
                '.': () => (black.value = !black.value),
                n: () => (notes.value = !notes.value),
                l: () => (list.value = !list.value),
                Escape: () => {
                    if (black.value) black.value = false;
                    else if (list.value) list.value = false;
                    else present(false);
                },
            };
            const act = acts[event.key.length === 1 ? event.key.toLowerCase() : event.key];
            if (act === undefined) return;
            event.preventDefault();
            event.stopPropagation();
            act();
        };
        addEventListener('keydown', onKey, { capture: true });
        return () => removeEventListener('keydown', onKey, { capture: true });
    }, [entry]);
    useEffect(() => {
        if (presenting.value) document.documentElement.dataset['presenting'] = '';
        else delete document.documentElement.dataset['presenting'];
        return () => delete document.documentElement.dataset['presenting'];
    }, [presenting.value]);
    useEffect(() => {
        if (list.value) first.current?.focus();
    }, [list.value]);
    if (!presenting.value) return null;
    return (
        <>
            <aside class="presenter" aria-label={t('present.title')} data-testid="presenter">
                <span class="presenter-keys">{t('present.keys')}</span>
                <Button
                    label={t('present.list')}
                    keys="L"
                    testid="present-list"
                    pressed={list.value}
                    onPress={() => (list.value = !list.value)}
                />
                <Button
                    label={t('present.notes')}
                    keys="N"
                    testid="present-notes"
                    pressed={notes.value}
                    onPress={() => (notes.value = !notes.value)}
                />
                <Button
                    label={t('present.black')}
                    keys="B"
                    testid="present-black"
                    onPress={() => (black.value = true)}
                />
                <Button label={t('present.end')} keys="Esc" testid="present-end" onPress={() => present(false)} />
                {list.value && (
                    <ol class="presenter-list" data-testid="presenter-list">
                        {scenes.map((one, k) => (
                            <li key={one.name}>
                                <button
                                    ref={k === 0 ? first : null}
                                    type="button"
                                    class="linklike"
                                    aria-current={one === entry ? 'true' : undefined}
                                    onClick={() => {
                                        list.value = false;
                                        void goTo(one);
                                    }}
                                >
                                    {titleOf(one)}
                                </button>
                            </li>
                        ))}
                    </ol>
                )}
                {notes.value && (
                    <div class="presenter-notes" data-testid="presenter-notes">
                        {(scene?.notes() ?? [t('present.none')]).map(note => (
                            <p key={note}>{note}</p>
                        ))}
                    </div>
                )}
            </aside>
            {black.value && (
                <button
                    type="button"
                    class="blackout"
                    aria-label={t('present.light')}
                    data-testid="blackout"
                    onClick={() => (black.value = false)}
                />
            )}
        </>
    );
}

addEventListener('fullscreenchange', () => {
    if (document.fullscreenElement === null && presenting.value) presenting.value = false;
});
