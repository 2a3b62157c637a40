// The first visit and the help sheet: what the picture means, what to try, which keys there are.

import { signal } from '@preact/signals';
import { Dialog, Button } from '../parts/controls';
import { t, type Key } from '../text';
import { setPlaying } from '../session';

export const helpOpen = signal(false);
const KEY = 'downhill.visited';
export const welcome = signal(false);

export function greet(): void {
    try {
        welcome.value = localStorage.getItem(KEY) === null;
    } catch {
        welcome.value = false;
    }
}

export function dismiss(): void {
    welcome.value = false;
    try {
        localStorage.setItem(KEY, '1');
    } catch {
        // Without storage the card comes back at the next visit.
    }
}

/** In the inspector's place until something is chosen: three sentences and one thing to do. */
export function Welcome() {
    return (
        <div class="welcome" data-testid="welcome">
            <h2>{t('welcome.title')}</h2>
            <ol>
                <li>{t('welcome.1')}</li>
                <li>{t('welcome.2')}</li>
                <li>{t('welcome.3')}</li>
            </ol>
            <div class="row">
                <Button
                    kind="primary"
                    icon="play"
                    wide
                    label={t('welcome.go')}
                    testid="welcome-go"
                    onPress={() => {
                        dismiss();
                        setPlaying(true);
                    }}
                />
                <Button kind="quiet" label={t('welcome.close')} wide testid="welcome-close" onPress={dismiss} />
            </div>
        </div>
    );
}

const keys: readonly (readonly [string, Key])[] = [
    ['Space', 'keys.play'],
    ['.', 'keys.step'],
    [',', 'keys.back'],
    ['R', 'keys.reset'],
    ['N', 'keys.seed'],
    ['←↑→↓', 'keys.move'],
    ['Enter', 'keys.enter'],
    ['Esc', 'keys.escape'],
    ['T', 'keys.test'],
    ['D', 'keys.discretize'],
    ['?', 'keys.help'],
];

export function Help() {
    if (!helpOpen.value) return null;
    return (
        <Dialog title={t('help.title')} testid="help" wide onClose={() => (helpOpen.value = false)}>
            <div class="help">
                <section>
                    <h3>{t('help.read')}</h3>
                    <ul class="reading">
                        <li>
                            <span class="swatch positive" />
                            {t('help.positive')}
                        </li>
                        <li>
                            <span class="swatch negative" />
                            {t('help.negative')}
                        </li>
                        <li>{t('help.width')}</li>
                        <li>{t('help.unit')}</li>
                        <li>{t('help.points')}</li>
                    </ul>
                    <h3>{t('help.try')}</h3>
                    <ul>
                        <li>{t('help.try1')}</li>
                        <li>{t('help.try2')}</li>
                        <li>{t('help.try3')}</li>
                    </ul>
                </section>
                <section>
                    <h3>{t('help.keys')}</h3>
                    <dl class="keys">
                        {keys.map(([key, text]) => (
                            <div key={key}>
                                <dt>
                                    <kbd>{key}</kbd>
                                </dt>
                                <dd>{t(text)}</dd>
                            </div>
                        ))}
                    </dl>
                </section>
            </div>
        </Dialog>
    );
}
