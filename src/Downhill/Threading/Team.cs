using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;

namespace Downhill.Threading;

/// <summary>Work that can be done in parts at the same time.</summary>
internal interface IJob
{
    /// <summary>Does part number <paramref name="part"/> (from 0) of <paramref name="parts"/>.</summary>
    void Execute(int part, int parts);
}

/// <summary>
/// Threads that stay together through a training session and do one job after another, each its part. Handing out a
/// job allocates nothing and takes no lock: a job is announced by raising <c>round</c>, and done when <c>pending</c> is
/// back at 0. Who waits spins for a moment, because the next kernel of a step follows within microseconds, and then
/// parks, because an idle session shall cost no processor time.
/// <para>A team of one is the caller alone: no thread is created, which is all the browser allows.</para>
/// </summary>
internal sealed unsafe class Team : IDisposable
{
    /// <summary>How long a thread spins before it begins to give way to other programs: a meeting of the next kernel
    /// comes sooner. Who gives way on a busy machine comes back after a time slice, milliseconds later.</summary>
    private static readonly long PatientTicks = Stopwatch.Frequency / 20_000;

    /// <summary>How long to spin before parking: longer than what a step does between two meetings on one thread.
    /// Waking a parked thread costs some 50 µs.</summary>
    private static readonly long SpinTicks = Stopwatch.Frequency / 4_000;

    private readonly Worker[] workers;
    private readonly Gate done;

    /// <summary>Looks at a number before the first pause: some three microseconds.</summary>
    private const int QuickLooks = 2000;

    /// <summary>Multiply-adds below which handing out a job costs more than it saves: some six microseconds' work
    /// (docs/KERNELS.md).</summary>
    private const long Worthwhile = 512 * 1024;

    // The job, written before the round is raised and read after it is seen raised.
    private delegate*<void*, int, int, void> body;
    private void* job;
    private Shared shared;

    /// <summary>What the threads watch and count, each on a cache line (two, for prefetching pairs) of its
    /// own.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 512)]
    private struct Shared
    {
        [FieldOffset(128)] public int Round;
        [FieldOffset(132)] public int Processor; // the caller's
        [FieldOffset(256)] public int Pending;
        [FieldOffset(384)] public int State;
    }

    private const int Idle = 0, Running = 1, Disposed = 2;

    /// <param name="size">Number of parts done at the same time, the caller's included: 1 or more.</param>
    /// <exception cref="ArgumentOutOfRangeException">The size is below 1.</exception>
    /// <exception cref="PlatformNotSupportedException">The size is above 1 in the browser.</exception>
    public Team(int size)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(size, 1);
        if (size > 1 && OperatingSystem.IsBrowser())
        {
            throw new PlatformNotSupportedException("The browser has one thread: use a team of 1.");
        }
        bool crowded = size > Environment.ProcessorCount;
        done = new(crowded);
        workers = size == 1 ? [] : new Worker[size - 1];
        for (int i = 0; i < workers.Length; i++)
        {
            workers[i] = new(this, i + 1, crowded);
        }
        int started = 0;
        try
        {
            for (; started < workers.Length; started++)
            {
                workers[started].Start();
            }
        }
        catch
        {
            Stop(started);
            throw;
        }
    }

    /// <summary>Number of parts a job is done in.</summary>
    public int Size => workers.Length + 1;

    /// <summary>What a user's number of threads means: 0 is one per processor.</summary>
    public static int SizeOf(int threads) => threads == 0 ? DefaultSize : threads;

    /// <summary>The processors this process may use (a container's limit counts); 1 in the browser.</summary>
    public static int DefaultSize => OperatingSystem.IsBrowser() ? 1 : Environment.ProcessorCount;

    /// <summary>
    /// Does the job, part 0 on the calling thread, and returns when every part is done; parts whose threads have not
    /// begun when part 0 is done are done by the caller, too. The parts share one copy of the
    /// struct, which is copied back at the end.
    /// </summary>
    /// <exception cref="InvalidOperationException">This team is at work, as when called from within its own
    /// job.</exception>
    /// <exception cref="ObjectDisposedException">The team has been disposed.</exception>
    /// <remarks>If parts throw, all others still end; then the exception of the lowest part is thrown.</remarks>
    public void Run<TJob>(ref TJob job) where TJob : struct, IJob
    {
        Enter(Running);
        // The workers get the address of this copy: it lies on the stack, where the collector moves nothing, and this
        // frame reports the references in it. The caller's own could be a field of a movable object.
        TJob shared = job;
        try
        {
            if (workers.Length == 0)
            {
                shared.Execute(0, 1);
            }
            else
            {
                RunAll(&Execute<TJob>, Unsafe.AsPointer(ref shared));
            }
        }
        finally
        {
            job = shared;
            Volatile.Write(ref this.shared.State, Idle);
        }
    }

    /// <summary>The same, or at once on the calling thread where it is too small to be worth handing out.</summary>
    public void Run<TJob>(ref TJob job, long multiplyAdds) where TJob : struct, IJob
    {
        if (workers.Length == 0 || multiplyAdds < Worthwhile)
        {
            job.Execute(0, 1);
        }
        else
        {
            Run(ref job);
        }
    }

    private static void Execute<TJob>(void* job, int part, int parts) where TJob : struct, IJob =>
        Unsafe.AsRef<TJob>(job).Execute(part, parts);

    private void RunAll(delegate*<void*, int, int, void> body, void* job)
    {
        this.body = body;
        this.job = job;
        shared.Pending = workers.Length;
        int round = shared.Round + 1;
        foreach (Worker worker in workers)
        {
            worker.Offer(round);
        }
        Announce(workers.Length);
        Exception? failure = null;
        try
        {
            body(job, 0, workers.Length + 1);
        }
        catch (Exception exception)
        {
            failure = exception;
        }
        // A thread that has not begun by now is asleep, or its processor is busy with other programs: its part is done
        // here instead of waited for. Parts are the same whoever does them.
        foreach (Worker worker in workers)
        {
            if (worker.Take(round))
            {
                worker.Execute();
            }
        }
        done.WaitUntil(ref shared.Pending, 0);                      // whatever happened: the job lies on this stack
        foreach (Worker worker in workers)
        {
            Exception? exception = worker.Failure;
            worker.Failure = null;
            failure ??= exception;
        }
        if (failure is not null)
        {
            ExceptionDispatchInfo.Throw(failure);
        }
    }

    /// <summary>Raises the round, which is a full fence, then wakes those who parked before they could see
    /// it.</summary>
    private void Announce(int count)
    {
        shared.Processor = Thread.GetCurrentProcessorId();
        Interlocked.Increment(ref shared.Round);
        for (int i = 0; i < count; i++)
        {
            workers[i].Wake();
        }
    }

    /// <summary>Whether this thread, a worker, sits on the caller's processor. There it can only take time from the
    /// caller; asleep it is put on another, free one when it is woken.</summary>
    private bool IsInTheWay() => Thread.GetCurrentProcessorId() == Volatile.Read(ref shared.Processor);

    private void Enter(int state)
    {
        int before = Interlocked.CompareExchange(ref shared.State, state, Idle);
        ObjectDisposedException.ThrowIf(before == Disposed, this);
        if (before == Running)
        {
            throw new InvalidOperationException("The team is at work: a job cannot run or end the team that does it.");
        }
    }

    /// <summary>Ends the threads and waits for their end.</summary>
    /// <exception cref="InvalidOperationException">The team is at work.</exception>
    public void Dispose()
    {
        if (Volatile.Read(ref shared.State) != Disposed)
        {
            Enter(Disposed);
            Stop(workers.Length);
        }
    }

    private void Stop(int started)
    {
        body = null;
        Announce(started);
        for (int i = 0; i < started; i++)
        {
            workers[i].Join();
        }
        foreach (Worker worker in workers)
        {
            worker.Dispose();
        }
        done.Dispose();
    }

    /// <summary>
    /// Part number <paramref name="part"/> of 0 … <paramref name="count"/>−1: contiguous, in order, nearly equal, with
    /// inner borders at multiples of <paramref name="multipleOf"/> (a cache line or a tile). With more parts than
    /// multiples some are empty.
    /// </summary>
    internal static Range Part(int count, int part, int parts, int multipleOf)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfLessThan(multipleOf, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(part);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(part, parts);
        if (parts == 1) return 0..count; // without three divisions
        long multiples = ((long)count + multipleOf - 1) / multipleOf;
        long start = multiples * part / parts * multipleOf;
        long end = multiples * (part + 1) / parts * multipleOf;
        return (int)Math.Min(start, count)..(int)Math.Min(end, count);
    }

    /// <summary>One thread, its place to wait, and what went wrong in its part.</summary>
    private sealed class Worker : IDisposable
    {
        private readonly Team team;
        private readonly int part;
        private readonly Gate gate;
        private readonly Thread thread;
        private int claim; // twice the round in which the part is offered, and 1 more when it is taken

        public Worker(Team team, int part, bool crowded)
        {
            (this.team, this.part) = (team, part);
            gate = new(crowded);
            thread = new(Loop) { IsBackground = true, Name = $"Downhill {part}" };
        }

        /// <summary>Written before pending is lowered, read by the caller after it is 0.</summary>
        public Exception? Failure { get; set; }

        public void Start() => thread.Start();

        public void Wake() => gate.Wake();

        public void Join() => thread.Join();

        public void Dispose() => gate.Dispose();

        /// <summary>The part of this round may be taken, once.</summary>
        public void Offer(int round) => Volatile.Write(ref claim, 2 * round);

        /// <summary>Whether the part is the asker's to do: it is of this round, and nobody has taken it.</summary>
        public bool Take(int round) => Interlocked.CompareExchange(ref claim, 2 * round + 1, 2 * round) == 2 * round;

        /// <summary>Does the part.</summary>
        public void Execute()
        {
            try
            {
                team.body(team.job, part, team.workers.Length + 1);
            }
            catch (Exception exception)
            {
                Failure = exception;
            }
            if (Interlocked.Decrement(ref team.shared.Pending) == 0)
            {
                team.done.Wake();
            }
        }

        private void Loop()
        {
            int seen = 0;
            while (true)
            {
                gate.WaitWhile(ref team.shared.Round, seen, spins: !team.IsInTheWay());
                seen = Volatile.Read(ref team.shared.Round);
                if (team.body is null)
                {
                    return;
                }
                if (Take(seen))
                {
                    Execute();
                }
            }
        }
    }

    /// <summary>
    /// Where one thread waits for a number to take a value. Nothing is lost between looking and parking: the waiter
    /// raises <c>parked</c> and then looks at the number, the other side changes the number and then looks at
    /// <c>parked</c>, with a full fence between on both sides, so at least one sees the other. Who lowers
    /// <c>parked</c> again decides: the waiter, and it goes on; or a waker, and it sets the event exactly once.
    /// </summary>
    internal sealed class Gate(bool crowded) : IDisposable
    {
        private readonly AutoResetEvent wakeUp = new(false);
        private int parked;

        public void WaitUntil(ref int number, int value) => Wait(ref number, value, until: true, spins: true);

        /// <summary>Waits until the number is another, at once parked or after some spinning.</summary>
        public void WaitWhile(ref int number, int value, bool spins) => Wait(ref number, value, until: false, spins);

        private void Wait(ref int number, int value, bool until, bool spins)
        {
            // A loop, because a waker may be late: it changed the number, and before it came to look at parked, this
            // thread saw the number, went on, and now waits for the next value.
            while (!(spins && Spin(ref number, value, until)))
            {
                Interlocked.Exchange(ref parked, 1);
                if (Volatile.Read(ref number) == value != until || Interlocked.CompareExchange(ref parked, 0, 1) != 1)
                {
                    WaitForEvent();
                }
                if (Volatile.Read(ref number) == value == until)
                {
                    return;
                }
            }
        }

        /// <summary>Call after a change of the number by an interlocked operation.</summary>
        public void Wake()
        {
            if (Volatile.Read(ref parked) == 1 && Interlocked.CompareExchange(ref parked, 0, 1) == 1)
            {
                wakeUp.Set();
            }
        }

        /// <summary>
        /// Spins until the number is there or the time is up. Giving way every now and then keeps it harmless where
        /// other programs want the processor; with more threads than processors it does nothing but give way.
        /// </summary>
        private bool Spin(ref int number, int value, bool until)
        {
            // Within a step the next job or the last part follows at once: looking is all that helps.
            for (int i = crowded ? 0 : QuickLooks; i >= 0; i--)
            {
                if (Volatile.Read(ref number) == value == until)
                {
                    return true;
                }
            }
            long start = Stopwatch.GetTimestamp();
            bool givesWay = crowded;
            for (int i = 1; ; i++)
            {
                if (crowded || (givesWay && i % 16 == 0))
                {
                    Thread.Yield();
                }
                else
                {
                    Thread.SpinWait(4);
                }
                if (Volatile.Read(ref number) == value == until)
                {
                    return true;
                }
                if (i % 4 == 0)
                {
                    long spun = Stopwatch.GetTimestamp() - start;
                    if (spun > SpinTicks)
                    {
                        return false;
                    }
                    givesWay = spun > PatientTicks;
                }
            }
        }

        /// <summary>
        /// Waits through Thread.Interrupt, which comes back afterwards: leaving early would leave the workers with a
        /// job on a stack that is gone.
        /// </summary>
        private void WaitForEvent()
        {
            bool interrupted = false;
            while (true)
            {
                try
                {
                    wakeUp.WaitOne();
                    break;
                }
                catch (ThreadInterruptedException)
                {
                    interrupted = true;
                }
            }
            if (interrupted)
            {
                Thread.CurrentThread.Interrupt();
            }
        }

        public void Dispose() => wakeUp.Dispose();
    }
}
