namespace Downhill.Threading;

/// <summary>
/// The order in which the parts of a job do the same pieces of work: part p does a piece when part p − 1 has done it.
/// All parts do the same number of pieces in each job, and each job ends before the next begins. A part whose thread
/// has not begun is done by the caller after its own, so nobody waits for somebody who waits.
/// </summary>
/// <param name="parts">Number of parts.</param>
internal sealed class Relay(int parts)
{
    private const int Apart = 32; // two cache lines, for prefetching pairs
    private const int QuickLooks = 2000;

    private readonly long[] done = new long[(parts + 1) * Apart]; // pieces of each part in all jobs

    /// <summary>Waits until the part before has done this part's next piece.</summary>
    public void Wait(int part)
    {
        if (part == 0) return;
        long wanted = done[(part + 1) * Apart] + 1;
        ref long before = ref done[part * Apart];
        for (int look = 0; Volatile.Read(ref before) < wanted; look++)
            if (look > QuickLooks) Thread.Yield();
    }

    /// <summary>This part has done its next piece.</summary>
    public void HandOn(int part)
    {
        ref long own = ref done[(part + 1) * Apart];
        Volatile.Write(ref own, own + 1);
    }
}
