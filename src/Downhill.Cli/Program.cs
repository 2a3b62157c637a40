using System.Runtime.InteropServices;
using Downhill.Cli;

using CancellationTokenSource interrupt = new();
using PosixSignalRegistration ctrlC = PosixSignalRegistration.Create(PosixSignal.SIGINT, Interrupt);
using PosixSignalRegistration terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Interrupt);
return Cli.Run(args, Terminal.OfProcess(), interrupt.Token);

// The first signal asks the run to end and to save; the second is left to the system, which ends the process at once.
void Interrupt(PosixSignalContext context)
{
    if (interrupt.IsCancellationRequested) return;
    context.Cancel = true;
    interrupt.Cancel();
}
