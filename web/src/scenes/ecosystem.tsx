// Ecosystem (L21): the trained network taken out, in formats that others read, and read back in beside the original.

import { useEffect, useState } from 'preact/hooks';
import { save } from '../panels/pictures';
import { Button, Select } from '../parts/controls';
import type { ExportKind, Maybe, Reply } from '../protocol';
import { consult, edit, exportFile, step } from '../session';
import { texts } from '../text';
import { show, whole } from '../text/numbers';
import './ecosystem.css';
import { Figure, Numbers, Refused } from './parts';
import { Plane } from './plane';
import { choice, named, put, start, useReply, useRested, type Scene } from './scene';

interface RoundTrip extends Reply {
    readonly files: readonly { readonly as: ExportKind; readonly name: string; readonly bytes: number }[];
    readonly read: { readonly network: string; readonly parameters: number; readonly layers: readonly string[] };
    readonly rows: number;
    readonly largest: Maybe;
    readonly same: number;
    readonly sameBits: boolean;
}

const own = texts({
    text1: 'A network that cannot leave the tool it was trained in is a toy. This one can: as ONNX, which nearly every runtime and accelerator reads; as safetensors, the weights and nothing that could run; and as plain source code in C#, C and Python, without any library.',
    text2: 'To the right of the original the same network again, read from the ONNX bytes by an importer that gets nothing else. Train, and both are new when it rests; the difference stays at the rounding of single precision.',
    'try-train': 'Train 30 epochs and look at both maps',
    'try-edit': 'Set a weight by hand to 5: the file has it at once',
    'try-code': 'Read the network as Python: it is the formula of the lecture, with numbers',
    ask: 'On how many of the points will the imported network give another class than the original?',
    none: 'on none',
    few: 'on a few',
    many: 'on many',
    because:
        'Both compute the same sums of the same single-precision numbers; only the order of a few roundings can differ. Trust it because it is measured, not because a format promises it.',
    'note-1':
        'Open the ONNX file in a viewer, or run it with ONNX Runtime: the input has the raw columns, scaling and features are part of the graph.',
    'note-2':
        'The source code is small enough to read aloud. Let them find the bias of a unit in it, and check it in the playground.',
    original: 'The network itself',
    imported: 'The same, read from the ONNX file',
    largest: 'Largest difference of an output',
    same: 'Same answer',
    of: '{same} of {rows}',
    bits: 'Weights from the safetensors file',
    equal: 'equal to the last bit',
    unequal: 'not the same',
    file: 'File',
    size: 'Size',
    forWhat: 'For',
    download: 'Download {name}',
    bytes: '{count} bytes',
    read: 'Read back: {network}, layers {layers}',
    source: 'Read the source',
    onnx: 'ONNX',
    model: 'safetensors',
    csharp: 'C#',
    c: 'C',
    python: 'Python',
    numpy: 'Python with NumPy',
    'for-onnx': 'ONNX Runtime, ML.NET, PyTorch, accelerators, browsers',
    'for-model': 'this program, and every reader of safetensors',
    'for-csharp': 'a static class for any .NET program',
    'for-c': 'one C99 function for microcontrollers, no allocation',
    'for-python': 'the standard library alone',
    'for-numpy': 'many rows at once',
    privacy: 'The files are made on this machine and are sent nowhere.',
});

const languages = ['csharp', 'c', 'python', 'numpy'] as const;

function Picture() {
    const when = useRested();
    const { reply, refused } = useReply<RoundTrip>({ do: 'roundtrip', size: 50 }, when);
    if (reply === undefined) return <Refused text={refused} />;
    const said = reply.header;
    return (
        <>
            <Refused text={refused} />
            <div class="figures">
                <Figure name={own('largest')} testid="eco-largest">
                    {show(said.largest ?? NaN, 3)}
                </Figure>
                <Figure name={own('same')} testid="eco-same">
                    {own('of', { same: whole(said.same), rows: whole(said.rows) })}
                </Figure>
                <Figure name={own('bits')} testid="eco-bits">
                    {own(said.sameBits ? 'equal' : 'unequal')}
                </Figure>
            </div>
            <div class="twin-maps">
                {(['original', 'imported'] as const).map(name => (
                    <figure key={name}>
                        <figcaption class="caption">{own(name)}</figcaption>
                        <Plane
                            bytes={reply.blocks[name] as Uint8Array}
                            size={50}
                            label={own(name)}
                            testid={`eco-${name}`}
                            width={400}
                        />
                    </figure>
                ))}
            </div>
            <p class="note" data-testid="eco-read">
                {own('read', { network: said.read.network, layers: said.read.layers.join(', ') })}
            </p>
            <table class="eco-files" data-testid="eco-files">
                <thead>
                    <tr>
                        <th scope="col">{own('file')}</th>
                        <th scope="col">{own('forWhat')}</th>
                        <th scope="col" class="size">
                            {own('size')}
                        </th>
                    </tr>
                </thead>
                <tbody>
                    {said.files.map(file => {
                        const kind = file.as as 'onnx';
                        return (
                            <tr key={file.as}>
                                <th scope="row">
                                    <Button
                                        label={own(kind)}
                                        testid={`eco-${file.as}`}
                                        onPress={() => void download(file.as)}
                                    />
                                </th>
                                <td>{own(`for-${kind}`)}</td>
                                <td class="size">{own('bytes', { count: whole(file.bytes) })}</td>
                            </tr>
                        );
                    })}
                </tbody>
            </table>
            <p class="note">{own('privacy')}</p>
            <Source when={when} />
            <Numbers
                testid="eco-numbers"
                columns={[own('file'), own('size')]}
                rows={said.files.map(file => [file.name, String(file.bytes)])}
            />
        </>
    );
}

async function download(kind: ExportKind): Promise<void> {
    const file = await exportFile(kind);
    if (file !== undefined) save(file.name, file.bytes, file.mime);
}

function Source({ when }: { readonly when: string }) {
    const language = choice('source', languages, 'python');
    const [code, show] = useState('');
    useEffect(() => {
        let there = true;
        void consult<Reply>({ do: 'export', as: language }).then(reply => {
            if (there) show(new TextDecoder().decode(reply.blocks['file'] as Uint8Array));
        });
        return () => void (there = false);
    }, [language, when]);
    return (
        <section class="stack">
            <Select
                label={own('source')}
                testid="eco-source"
                value={language}
                options={languages.map(value => ({ value, text: own(value) }))}
                onPick={source => put({ source })}
            />
            <pre class="source" tabIndex={0} role="region" aria-label={own('source')} data-testid="eco-code">
                <code>{code}</code>
            </pre>
        </section>
    );
}

const scene: Scene = {
    begin: { data: 'xor', rows: 200, noise: 0.1, layers: '4,3', learningRate: 0.1 },
    trains: true,
    wants: { measures: true },
    text: () => [own('text1'), own('text2')],
    Picture,
    tries: [
        { name: 'train', text: () => own('try-train'), press: () => step('epoch', 30) },
        { name: 'edit', text: () => own('try-edit'), press: () => edit(0, 0, 0, 5) },
        {
            name: 'code',
            text: () => own('try-code'),
            press: () => {
                put({ source: 'python' });
                document.querySelector<HTMLElement>('[data-testid="eco-code"]')?.focus();
            },
        },
    ],
    question: {
        text: () => own('ask'),
        options: named(own, 'none', 'few', 'many'),
        run: async () => {
            start();
            await step('epoch', 30);
            const { header } = await consult<RoundTrip>({ do: 'roundtrip', size: 2 });
            const other = header.rows - header.same;
            return other === 0 ? 'none' : other < header.rows / 10 ? 'few' : 'many';
        },
        because: () => own('because'),
    },
    notes: () => [own('note-1'), own('note-2')],
};
export default scene;
