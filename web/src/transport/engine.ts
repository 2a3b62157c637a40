// The worker: .NET on WebAssembly, one session. The first message says where the page lies, the others are requests.

interface Exports {
    readonly Downhill: { readonly Playground: { readonly Wasm: { readonly Host: { Answer(request: string): Uint8Array } } } };
}

interface Runtime {
    getAssemblyExports(name: string): Promise<Exports>;
    getConfig(): { readonly mainAssemblyName: string };
    runMain(): Promise<number>;
}

const scope = self as unknown as {
    onmessage: ((event: MessageEvent<string>) => void) | null;
    postMessage(message: unknown, transfer?: Transferable[]): void;
};

scope.onmessage = async event => {
    const waiting: string[] = [];
    scope.onmessage = later => waiting.push(later.data);
    try {
        const { dotnet } = await import(/* @vite-ignore */ new URL('engine/_framework/dotnet.js', event.data).href) as
            { dotnet: { create(): Promise<Runtime> } };
        const runtime = await dotnet.create();
        await runtime.runMain();
        const { Host } = (await runtime.getAssemblyExports(runtime.getConfig().mainAssemblyName)).Downhill.Playground.Wasm;
        const answer = (request: string) => {
            const reply = Host.Answer(request);
            // A copy of the page's own, which can be handed over; the reply may be a view of the runtime's memory.
            const bytes = reply.slice();
            scope.postMessage(bytes.buffer, [bytes.buffer]);
        };
        scope.onmessage = later => answer(later.data);
        scope.postMessage('ready');
        waiting.forEach(answer);
    } catch (error) {
        scope.postMessage(error instanceof Error ? error.message : String(error));
    }
};
