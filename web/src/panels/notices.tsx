// What went wrong and what to do about it: refusals, the diagnosis of a run that died, a lost connection. And, for
// those who listen instead of looking, a summary now and then.

import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import {
    clock,
    dismissMessage,
    isOnce,
    link,
    linkReason,
    measures,
    messages,
    playing,
    refusal,
    rewind,
} from '../session';
import type { Message } from '../protocol';
import { Button } from '../parts/controls';
import { Icon } from '../parts/icons';
import { t } from '../text';
import { percent, show, whole } from '../text/numbers';

export function Notices() {
    const stopped = clock.value?.stopped;
    const list = causes(messages.value);
    return (
        <div class="notices" data-testid="notices">
            {link.value === 'ended' && (
                <div class="notice error" role="alert">
                    <Icon name="warning" />
                    <p>
                        <b>{t('link.ended')}</b> {linkReason.value}
                    </p>
                    <Button wide label={t('link.reload')} testid="reload" onPress={() => location.reload()} />
                </div>
            )}
            {refusal.value !== '' && (
                <div class="notice error" role="alert" data-testid="refusal">
                    <Icon name="warning" />
                    <p>{refusal.value}</p>
                    <Button
                        kind="quiet"
                        icon="close"
                        label={t('close')}
                        testid="refusal-close"
                        onPress={() => (refusal.value = '')}
                    />
                </div>
            )}
            {(['error', 'warning', 'info'] as const).map(level => {
                const said = list.filter(message => message.level === level);
                return said.length > 0 && <Said key={level} level={level} said={said} />;
            })}
            {stopped != null && !list.some(message => message.level === 'error') && (
                <div class="notice info" role="status" data-testid="stopped">
                    <Icon name="check" />
                    <p>{stopped.text}</p>
                </div>
            )}
        </div>
    );
}

/** Where a run has diverged, its report names the cause: the warning that foretold it need not say it again. */
function causes(list: readonly Message[]): readonly Message[] {
    return list.some(message => message.code === 'diverged')
        ? list.filter(message => !message.code.endsWith('Diverges'))
        : list;
}

function Said({ level, said }: { readonly level: Message['level']; readonly said: readonly Message[] }) {
    const passing = said.filter(isOnce);
    return (
        <div class={`notice ${level}`} role={level === 'info' ? 'status' : 'alert'} data-testid="diagnosis">
            <Icon name={level === 'info' ? 'help' : 'warning'} />
            <div class="said">
                {said.map(message => (
                    <p key={message.text}>{message.text}</p>
                ))}
            </div>
            {level === 'error' && (clock.value?.step ?? 0) > 0 && (
                <Button
                    wide
                    icon="back"
                    label={t('notice.rewind')}
                    testid="diagnosis-rewind"
                    onPress={() => rewind(0)}
                />
            )}
            {passing.length > 0 && (
                <Button
                    kind="quiet"
                    icon="close"
                    label={t('close')}
                    testid="message-close"
                    onPress={() => passing.forEach(dismissMessage)}
                />
            )}
        </div>
    );
}

/** A live summary for screen readers: when training starts, stops, and every ten seconds between. */
export function Listening() {
    const said = useSignal('');
    const on = playing.value;
    useEffect(() => {
        const say = () => {
            const [time, shown] = [clock.value, measures.value];
            if (time === undefined) return;
            said.value = t('listen.summary', {
                epoch: whole(time.epoch),
                train: shown?.train.loss == null ? '–' : show(shown.train.loss, 2),
                test: shown?.test?.loss == null ? '–' : show(shown.test.loss, 2),
                accuracy: shown?.train.accuracy == null ? '–' : percent(shown.train.accuracy),
            });
        };
        if (!on) {
            const later = setTimeout(say, 400);
            return () => clearTimeout(later);
        }
        said.value = t('listen.start');
        const timer = setInterval(say, 10_000);
        return () => clearInterval(timer);
    }, [on]);
    return (
        <p class="unseen" role="status" aria-live="polite" data-testid="summary">
            {said.value}
        </p>
    );
}
