// The present link as a picture for the telephones of an audience. The encoder comes when it is first needed.

import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { hello } from '../session';
import { t } from '../text';

/** What a picture of more is too fine for a camera in the last row. */
const MOST = 1200;

export function Qr({ text }: { readonly text: string }) {
    const cells = useSignal<boolean[][] | undefined>(undefined);
    useEffect(() => {
        cells.value = undefined;
        if (text.length > MOST) return;
        let there = true;
        void import('qr').then(({ encodeQR }) => {
            if (there) cells.value = encodeQR(text, 'raw', { ecc: 'low', border: 2 });
        });
        return () => void (there = false);
    }, [text]);
    if (text.length > MOST) return <p class="note">{t('qr.long')}</p>;
    const drawn = cells.value;
    if (drawn === undefined) return null;
    const path = drawn.flatMap((row, y) => row.map((dark, x) => (dark ? `M${x} ${y}h1v1h-1z` : ''))).join('');
    return (
        <figure class="qr">
            <svg
                viewBox={`0 0 ${drawn.length} ${drawn.length}`}
                role="img"
                aria-label={t('qr.title')}
                data-testid="qr"
                shape-rendering="crispEdges"
            >
                <rect width={drawn.length} height={drawn.length} class="qr-paper" />
                <path d={path} class="qr-ink" />
            </svg>
            {hello.value?.host === 'native' && <figcaption class="note">{t('qr.local')}</figcaption>}
        </figure>
    );
}
