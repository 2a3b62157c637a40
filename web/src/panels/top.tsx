// The bar at the top: play, step, reset, the clock; on the right what leaves the page or changes its look.

import { useSignal } from '@preact/signals';
import { hide, hideable, hides } from '../classroom';
import { themeChoice, type ThemeChoice } from '../look/theme';
import { language, languages, t } from '../text';
import { show, whole } from '../text/numbers';
import {
    ask,
    clock,
    exportFile,
    hello,
    pace,
    paces,
    playing,
    reset,
    rewind,
    set,
    setPace,
    setPlaying,
    setting,
    speed,
    state,
    step,
    type Pace,
} from '../session';
import type { ExportKind, Reply } from '../protocol';
import { Button, Check, Menu, NumberInput, Select } from '../parts/controls';
import { Icon } from '../parts/icons';
import { save, savePng, saveSvg } from './pictures';
import { helpOpen } from './help';
import { Qr } from './qr';

export function TopBar() {
    return (
        <header class="top">
            <Brand />
            <Transport />
            <Clock />
            <nav class="top-right" aria-label={t('top.more')}>
                <Button
                    kind="quiet"
                    icon="course"
                    wide
                    label={t('course.short')}
                    testid="course"
                    onPress={() => set({ scene: 'course' })}
                />
                <Share />
                {!hides('export') && <TakeAway />}
                <Look />
                <HelpButton />
            </nav>
        </header>
    );
}

export function HelpButton() {
    return (
        <Button
            kind="quiet"
            icon="help"
            label={t('help.title')}
            keys="?"
            testid="help-open"
            onPress={() => (helpOpen.value = true)}
        />
    );
}

export function Brand() {
    return (
        <h1 class="brand">
            <svg viewBox="0 0 32 32" aria-hidden="true">
                <path d="M3 8c6 0 7 17 14 17 5 0 5-6 12-6M3 14c4 0 6 13 13 13M9 5c5 1 6 14 10 14 3 0 4-6 10-7" />
                <circle cx="17" cy="24.6" r="2.6" />
            </svg>
            <span>Downhill</span>
        </h1>
    );
}

export function Transport() {
    const on = playing.value;
    return (
        <div class="transport" role="group" aria-label={t('transport.title')} data-testid="transport">
            <Button icon="reset" label={t('transport.reset')} keys="R" testid="reset" onPress={() => reset()} />
            <Button
                icon="back"
                label={t('transport.back')}
                keys=","
                testid="back"
                disabled={(clock.value?.step ?? 0) === 0}
                onPress={() => rewind((clock.value?.step ?? 1) - 1)}
            />
            <Button
                kind="primary"
                icon={on ? 'pause' : 'play'}
                wide
                label={on ? t('transport.pause') : t('transport.play')}
                keys="Space"
                testid="play"
                onPress={() => setPlaying(!on)}
            />
            {!hides('stages') && <Steps />}
            {!hides('speed') && (
                <Select
                    label={t('transport.speed')}
                    hideLabel
                    testid="speed"
                    value={pace.value}
                    options={paces.map(value => ({ value, text: t(`pace.${value}`) }))}
                    onPick={(value: Pace) => setPace(value)}
                />
            )}
        </div>
    );
}

function Steps() {
    const sizes = ['epoch', 'batch', 'example', 'stage'] as const;
    const size = useSignal<(typeof sizes)[number]>('epoch');
    return (
        <span class="joined">
            <Button
                icon="step"
                label={t(`step.${size.value}`)}
                keys="."
                testid="step"
                onPress={() => step(size.value)}
            />
            <Select
                label={t('step.size')}
                hideLabel
                testid="step-size"
                value={size.value}
                options={sizes.map(value => ({ value, text: t(`step.short.${value}`) }))}
                onPick={value => (size.value = value)}
            />
        </span>
    );
}

export function Clock() {
    const time = clock.value;
    if (time === undefined) return null;
    const cursor = time.cursor;
    return (
        <div class="clock" data-testid="clock">
            <div>
                <span class="clock-name">{t('time.epoch')}</span>
                <span class="clock-value" data-testid="epoch">
                    {whole(time.epoch)}
                </span>
            </div>
            <div>
                <span class="clock-name">{t('time.update')}</span>
                <span class="clock-value" data-testid="update">
                    {whole(time.step)}
                </span>
            </div>
            <div class="clock-rate">
                <span class="clock-name">{cursor === null ? t('clock.speed') : t('clock.stage')}</span>
                <span class="clock-value small" data-testid="cursor">
                    {cursor !== null
                        ? t('clock.cursor', {
                              example: cursor.example + 1,
                              of: cursor.of,
                              stage: t(`stage.${cursor.stage}`),
                          })
                        : time.seek !== null
                          ? t('clock.seek', { update: whole(time.seek) })
                          : playing.value
                            ? t('clock.examples', { count: whole(Number(speed.value.examples.toPrecision(2))) })
                            : `η = ${time.learningRate === null ? '–' : show(time.learningRate, 3)}`}
                </span>
            </div>
        </div>
    );
}

export function Share() {
    const moment = useSignal(false);
    const done = useSignal(false);
    const link = useSignal('');
    const make = async () => {
        const reply = await ask<Reply & { hash: string }>({ do: 'share', moment: moment.value });
        if (reply === undefined) return;
        link.value = location.href.replace(/#.*$/, '') + reply.header.hash;
        done.value = true;
        await navigator.clipboard?.writeText(link.value).catch(() => undefined);
        setTimeout(() => (done.value = false), 2000);
    };
    return (
        <Menu label={t('share.title')} testid="share" icon="share" wide>
            <h2>{t('share.title')}</h2>
            <p>{t('share.what')}</p>
            <Check
                label={t('share.moment')}
                testid="share-moment"
                on={moment.value}
                onSet={on => (moment.value = on)}
            />
            <Button
                kind="primary"
                wide
                icon={done.value ? 'check' : 'copy'}
                label={done.value ? t('copied') : t('share.copy')}
                testid="share-copy"
                onPress={make}
            />
            {link.value !== '' && (
                <label class="field">
                    <span class="field-name">{t('share.link')}</span>
                    <input
                        class="link-text"
                        readOnly
                        value={link.value}
                        data-testid="share-link"
                        onFocus={event => event.currentTarget.select()}
                    />
                </label>
            )}
            {link.value !== '' && <Qr text={link.value} />}
            <details>
                <summary data-testid="classroom">{t('classroom.title')}</summary>
                <p>{t('classroom.what')}</p>
                <div class="hide-list">
                    {hideable.map(name => (
                        <Check
                            key={name}
                            label={t(`hide.${name}`)}
                            testid={`hide-${name}`}
                            on={hides(name)}
                            onSet={on => hide(name, on)}
                        />
                    ))}
                </div>
            </details>
        </Menu>
    );
}

export function TakeAway() {
    const kinds = hello.value?.exports ?? [];
    const take = async (kind: ExportKind) => {
        const file = await exportFile(kind);
        if (file !== undefined) save(file.name, file.bytes, file.mime);
    };
    return (
        <Menu label={t('take.title')} testid="take" icon="take" wide>
            <h2>{t('take.title')}</h2>
            <ul class="menu-list">
                {kinds.map(kind => (
                    <li key={kind}>
                        <button type="button" data-testid={`export-${kind}`} onClick={() => take(kind)}>
                            <b>{t(`take.${kind}`)}</b>
                            <span>{t(`take.${kind}.what`)}</span>
                        </button>
                    </li>
                ))}
                <li>
                    <button type="button" data-testid="export-png" onClick={() => savePng()}>
                        <b>PNG</b>
                        <span>{t('take.png')}</span>
                    </button>
                </li>
                <li>
                    <button type="button" data-testid="export-svg" onClick={() => saveSvg()}>
                        <b>SVG</b>
                        <span>{t('take.svg')}</span>
                    </button>
                </li>
            </ul>
        </Menu>
    );
}

export function Look() {
    const themes: readonly ThemeChoice[] = ['system', 'light', 'dark', 'projector'];
    return (
        <Menu label={t('look.title')} testid="look" icon="look">
            <h2>{t('look.title')}</h2>
            <div class="segments" role="group" aria-label={t('look.theme')}>
                {themes.map(name => (
                    <button
                        key={name}
                        type="button"
                        aria-pressed={themeChoice.value === name}
                        data-testid={`theme-${name}`}
                        onClick={() => (themeChoice.value = name)}
                    >
                        {t(`theme.${name}`)}
                    </button>
                ))}
            </div>
            <Select
                label={t('look.language')}
                testid="language"
                value={language.value}
                options={languages.map(name => ({ value: name, text: t(`language.${name}` as 'language.en') }))}
                onPick={name => set({ language: name })}
            />
            <NumberInput
                label={t('look.seed')}
                testid="set-seed"
                value={setting('seed', 1)}
                whole
                min={0}
                max={2 ** 53}
                onSet={value => set({ seed: value })}
            />
            <p class="note">
                <Icon name="lock" />
                {t('look.about', {
                    version: hello.value?.version ?? '',
                    host: t(hello.value?.host === 'native' ? 'host.native' : 'host.browser'),
                })}
            </p>
            <p class="note hash" data-testid="hash">
                {state.value?.hash}
            </p>
        </Menu>
    );
}
