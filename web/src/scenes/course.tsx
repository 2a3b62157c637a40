// The index of the course: its scenes in the lecture's order, and the road from the first neuron models to deep learning.

import { t, texts } from '../text';
import { goTo } from './scene';
import { scenes, type SceneEntry } from './table';
import { aboutOf, titleOf } from './titles';

const parts = ['unit', 'network', 'learning', 'beyond'] as const;

/** Year, key of the text, and the scene in which it can be seen, if one is there. */
const steps: readonly (readonly [string, keyof typeof story, string?])[] = [
    ['1943', 'mcculloch', 'neuron'],
    ['1949', 'hebb'],
    ['1958', 'rosenblatt', 'perceptron'],
    ['1960', 'adaline'],
    ['1964', 'polyak', 'momentum'],
    ['1969', 'minsky', 'perceptron'],
    ['1970', 'linnainmaa', 'graph'],
    ['1974', 'werbos'],
    ['1980', 'neocognitron'],
    ['1986', 'rumelhart', 'hand'],
    ['1989', 'cybenko', 'regions'],
    ['1989', 'zip', 'ink'],
    ['1997', 'lstm'],
    ['1998', 'lecun', 'rates'],
    ['2006', 'hinton'],
    ['2010', 'glorot'],
    ['2012', 'alexnet'],
    ['2014', 'adam', 'batches'],
    ['2015', 'resnet'],
    ['2017', 'transformer'],
    ['2024', 'nobel'],
];

const story = {
    mcculloch: 'McCulloch and Pitts: a neuron as a sum and a threshold.',
    hebb: 'Hebb: links grow stronger where both ends are active together.',
    rosenblatt: 'Rosenblatt: the perceptron learns its weights from mistakes.',
    adaline: 'Widrow and Hoff: ADALINE learns by the slope of a squared error.',
    polyak: 'Polyak: descent with momentum, a ball with mass.',
    minsky: 'Minsky and Papert: one layer cannot do XOR.',
    linnainmaa: 'Linnainmaa: derivatives of a whole computation, backwards.',
    werbos: 'Werbos: the backward sweep proposed for learning in networks.',
    neocognitron: 'Fukushima: the neocognitron, layers that look at patches.',
    rumelhart: 'Rumelhart, Hinton and Williams: hidden layers learn by backpropagation.',
    cybenko: 'Cybenko: one hidden layer comes as near to any continuous function as one likes.',
    zip: 'LeCun: networks read handwritten postcodes.',
    lstm: 'Hochreiter and Schmidhuber: LSTM, memory over long sequences.',
    lecun: 'LeCun, Bottou, Orr and Müller: how to make descent work; LeNet-5.',
    hinton: 'Hinton, Osindero and Teh: deep networks, trained layer by layer.',
    glorot: 'Glorot and Bengio: starts of the weights that keep signals alive.',
    alexnet: 'Krizhevsky, Sutskever and Hinton: a deep network wins ImageNet, on graphics cards.',
    adam: 'Kingma and Ba: Adam, a rate for every weight.',
    resnet: 'He and others: networks of more than a hundred layers; Ioffe and Szegedy: batch normalisation.',
    transformer: 'Vaswani and others: the transformer, behind today’s language models.',
    nobel: 'The Nobel Prize in Physics for Hopfield and Hinton.',
} as const;
const told = texts<keyof typeof story>(story);

export function Course() {
    return (
        <main class="course" id="scene" tabIndex={-1} data-testid="course-index">
            <header class="course-head">
                <h2>{t('course.title')}</h2>
                <p>{t('course.what')}</p>
            </header>
            <div class="course-scenes">
                {parts.map(part => {
                    const own = scenes.filter(scene => scene.part === part);
                    return (
                        own.length > 0 && (
                            <section key={part}>
                                <h3>{t(`course.${part}`)}</h3>
                                <ul class="course-list">
                                    {own.map(scene => (
                                        <li key={scene.name}>
                                            <Card scene={scene} />
                                        </li>
                                    ))}
                                </ul>
                            </section>
                        )
                    );
                })}
            </div>
            <section class="history">
                <h3>{t('course.history')}</h3>
                <ol>
                    {steps.map(([year, key, name]) => {
                        const scene = scenes.find(one => one.name === name);
                        return (
                            <li key={key} class={scene === undefined ? '' : 'seen'}>
                                <b>{year}</b>
                                <span>
                                    {told(key)}{' '}
                                    {scene !== undefined && (
                                        <button
                                            type="button"
                                            class="linklike"
                                            data-testid={`history-${key}`}
                                            onClick={() => goTo(scene)}
                                        >
                                            {t('course.see', { scene: titleOf(scene) })}
                                        </button>
                                    )}
                                </span>
                            </li>
                        );
                    })}
                </ol>
            </section>
        </main>
    );
}

function Card({ scene }: { readonly scene: SceneEntry }) {
    return (
        <button type="button" class="course-card" data-testid={`open-${scene.name}`} onClick={() => goTo(scene)}>
            <b>{titleOf(scene)}</b>
            <span>{aboutOf(scene)}</span>
            <small>{scene.rows}</small>
        </button>
    );
}
