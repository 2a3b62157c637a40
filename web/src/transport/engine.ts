// The worker: .NET on WebAssembly, one session. The first message says where the page lies, the others are requests.

interface Exports {
    readonly Downhill: {
        readonly Playground: { readonly Wasm: { readonly Host: { Answer(request: string): Uint8Array } } };
    };
}

interface Runtime {
    getAssemblyExports(name: string): Promise<Exports>;
    getConfig(): { readonly mainAssemblyName: string };
    runMain(): Promise<number>;
}

// Messages are listened to and never taken by `onmessage`: .NET takes a worker that has one for a thread of its own,
// and waits.
const waiting: string[] = [];
let answer = (request: string): unknown => waiting.push(request);
let begun = false;
addEventListener('message', (event: MessageEvent<string>) => {
    if (begun) {
        answer(event.data);
    } else {
        begun = true;
        void begin(event.data);
    }
});

const scope = self as unknown as { postMessage(message: unknown, transfer?: Transferable[]): void };

async function begin(page: string): Promise<void> {
    try {
        const { dotnet } = (await import(/* @vite-ignore */ new URL('engine/_framework/dotnet.js', page).href)) as {
            dotnet: { create(): Promise<Runtime> };
        };
        const runtime = await dotnet.create();
        await runtime.runMain();
        const { Host } = (await runtime.getAssemblyExports(runtime.getConfig().mainAssemblyName)).Downhill.Playground
            .Wasm;
        answer = request => {
            // A copy of the page's own, which can be handed over; the reply may be a view of the runtime's memory.
            const bytes = Host.Answer(request).slice();
            scope.postMessage(bytes.buffer, [bytes.buffer]);
        };
        scope.postMessage('ready');
        waiting.forEach(answer);
    } catch (error) {
        scope.postMessage(error instanceof Error ? error.message : String(error));
    }
}
