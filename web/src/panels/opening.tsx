// The first picture, before the engine is here: the page's own places and the outline of a network, drawn by nothing
// but the page. A line says what is still to come.

import { arrival, link } from '../session';
import { t } from '../text';

/** The first network: two inputs, layers of 4 and 2, one output. */
const shape = [2, 4, 2, 1];

const [width, height, pitch, side] = [640, 340, 80, 44];
const x = (layer: number) => 60 + (layer * (width - 120)) / (shape.length - 1);
const y = (layer: number, unit: number) => height / 2 + (unit - (shape[layer]! - 1) / 2) * pitch;

export function Opening() {
    return (
        <>
            <section class="side data ghost" aria-hidden="true">
                <h2>{t('data.title')}</h2>
                <div class="ghost-tiles">
                    {[0, 1, 2, 3, 4, 5].map(k => (
                        <i key={k} />
                    ))}
                </div>
                <i class="ghost-line" />
                <i class="ghost-line short" />
                <h2>{t('inputs.title')}</h2>
                <div class="ghost-tiles">
                    {[0, 1, 2].map(k => (
                        <i key={k} />
                    ))}
                </div>
            </section>
            <section class="middle ghost" data-testid="opening">
                <h2 class="unseen">{t('network.title')}</h2>
                <Outline />
                {link.value !== 'ended' && <OnItsWay />}
            </section>
            <section class="side output ghost" aria-hidden="true">
                <h2>{t('output.title')}</h2>
                <i class="ghost-map" />
                <i class="ghost-line" />
                <i class="ghost-line short" />
            </section>
            <section class="timeline ghost" aria-hidden="true">
                <h2>{t('time.title')}</h2>
                <svg class="ghost-curve" viewBox="0 0 600 60" preserveAspectRatio="none">
                    <path d="M0 6C60 8 70 44 160 48S420 54 600 55" />
                </svg>
            </section>
        </>
    );
}

function Outline() {
    const links = shape
        .slice(1)
        .flatMap((units, k) =>
            Array.from({ length: units * shape[k]! }, (_, i) => [k, i % shape[k]!, Math.floor(i / shape[k]!)] as const),
        );
    return (
        <svg class="ghost-network" viewBox={`0 0 ${width} ${height}`} aria-hidden="true">
            {links.map(([k, from, unit]) => {
                const [x0, y0, x1, y1] = [x(k) + side / 2, y(k, from), x(k + 1) - side / 2, y(k + 1, unit)];
                const bend = (x1 - x0) / 2;
                return (
                    <path
                        key={`${k}-${from}-${unit}`}
                        d={`M${x0} ${y0}C${x0 + bend} ${y0} ${x1 - bend} ${y1} ${x1} ${y1}`}
                    />
                );
            })}
            {shape.flatMap((units, k) =>
                Array.from({ length: units }, (_, unit) => (
                    <rect
                        key={`${k}-${unit}`}
                        x={x(k) - side / 2}
                        y={y(k, unit) - side / 2}
                        width={side}
                        height={side}
                        rx={5}
                    />
                )),
            )}
        </svg>
    );
}

function OnItsWay() {
    const part = arrival.value;
    const isHere = part !== undefined && part.loaded >= part.total;
    return (
        <div class="opening-note">
            <p role="status">
                {isHere
                    ? t('opening.start')
                    : part === undefined
                      ? t('opening')
                      : t('opening.parts', { loaded: part.loaded, total: part.total })}
            </p>
            <progress
                aria-label={t('opening')}
                max={part?.total ?? 1}
                {...(part === undefined ? {} : { value: part.loaded })}
            />
        </div>
    );
}
