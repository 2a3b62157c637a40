// The one screen: data and inputs → the network → output and cost; under it the timeline; the inspector always under
// the network.

import { signal } from '@preact/signals';
import type { ComponentType } from 'preact';
import { useEffect } from 'preact/hooks';
import { hides } from './classroom';
import { DataPanel } from './panels/data';
import { Help, helpOpen } from './panels/help';
import { Inspector } from './panels/inspector';
import { NetworkPanel } from './panels/network';
import { Listening, Notices } from './panels/notices';
import { Opening } from './panels/opening';
import { OutputPanel } from './panels/output';
import { OwnData } from './panels/own';
import { Recipe } from './panels/recipe';
import { Runs } from './panels/runs';
import { Timeline } from './panels/timeline';
import { TopBar } from './panels/top';
import { Icon, type IconName } from './parts/icons';
import {
    clock,
    playing,
    refusal,
    reset,
    rewind,
    sceneWants,
    selection,
    set,
    setPlaying,
    setting,
    state,
    step,
} from './session';
import { t, type Key } from './text';

/** The lecture comes when it is asked for. */
const lecture = signal<ComponentType | undefined>(undefined);

export function App() {
    const scene = setting('scene', '');
    const Lecture = lecture.value;
    useEffect(() => {
        if (scene !== '')
            void import('./scenes/lecture').then(
                loaded => (lecture.value = loaded.Lecture),
                error => (refusal.value = String(error)),
            );
    }, [scene]);
    useEffect(() => {
        addEventListener('keydown', onKey);
        return () => removeEventListener('keydown', onKey);
    }, []);
    if (scene !== '' && Lecture !== undefined) return <Lecture />;
    return (
        <div class="app">
            {state.value !== undefined && (
                <a
                    class="skip"
                    href="#network"
                    onClick={event => {
                        event.preventDefault();
                        document.querySelector<HTMLElement>('[data-cell][tabindex="0"]')?.focus();
                    }}
                >
                    {t('skip')}
                </a>
            )}
            <TopBar />
            <Notices />
            <main class="stage" aria-busy={state.value === undefined}>
                {state.value === undefined ? (
                    <Opening />
                ) : (
                    <>
                        <DataPanel />
                        <div class="middle">
                            <Recipe />
                            <NetworkPanel />
                            <Inspector />
                        </div>
                        <OutputPanel />
                        {!hides('timeline') && <Timeline />}
                    </>
                )}
            </main>
            <Jump />
            <OwnData />
            <Runs />
            <Help />
            <Listening />
        </div>
    );
}

/** On a small screen, the way to each part. */
function Jump() {
    const parts: readonly (readonly [string, IconName, Key])[] = [
        ['data', 'data', 'data.title'],
        ['network', 'network', 'network.title'],
        ['output', 'output', 'output.title'],
        ['timeline', 'time', 'time.short'],
    ];
    return (
        <nav class="jump" aria-label={t('jump')}>
            {parts.map(([id, icon, text]) => (
                <button
                    key={id}
                    type="button"
                    data-testid={`jump-${id}`}
                    onClick={() => document.querySelector(`[data-testid="${id}"]`)?.scrollIntoView({ block: 'start' })}
                >
                    <Icon name={icon} />
                    <span>{t(text)}</span>
                </button>
            ))}
        </nav>
    );
}

/** Keys work wherever nothing else wants them. */
function onKey(event: KeyboardEvent): void {
    const from = event.target as HTMLElement;
    if (
        event.ctrlKey ||
        event.metaKey ||
        event.altKey ||
        event.defaultPrevented ||
        document.querySelector('dialog[open]') !== null ||
        from.closest('input:not([type=range]):not([type=checkbox]), textarea, select, [popover]:popover-open') !== null
    )
        return;
    const onButton = from.closest('button, summary, a, [role=slider], input') !== null;
    const acts: Readonly<Record<string, () => unknown>> = {
        ' ': () => setPlaying(!playing.value),
        '.': () => step('batch'),
        ',': () => rewind((clock.value?.step ?? 1) - 1),
        r: () => reset(),
        n: () => reset('new'),
        t: () => set({ showTest: !setting('showTest', false) }),
        d: () => set({ discretize: !setting('discretize', false) }),
        '?': () => (helpOpen.value = true),
        Escape: () => (selection.value = { kind: 'network' }),
    };
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    // A scene that does not train leaves the keys of training alone.
    const quiet = setting('scene', '') !== '' && sceneWants.value?.measures !== true && key !== '?';
    const act = quiet ? undefined : acts[key];
    if (act === undefined || (event.key === ' ' && onButton)) return;
    event.preventDefault();
    act();
}
