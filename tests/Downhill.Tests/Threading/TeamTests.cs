using System.Diagnostics;
using System.Runtime.CompilerServices;
using CsCheck;
using Downhill.Threading;
using Xunit;

namespace Downhill.Tests;

public sealed class TeamTests
{
    /// <summary>Adds 1 to the own place of each part, and notes the thread that did it.</summary>
    private struct Count(int[] counts) : IJob
    {
        public int[] Counts = counts;

        public readonly void Execute(int part, int parts)
        {
            Assert.InRange(part, 0, parts - 1);
            Counts[part * 16]++;
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    public void EveryPartIsDoneOnceInEachOf20000RunsWhetherThreadsOutnumberProcessorsOrNot(int size)
    {
        using Team team = new(size);
        int[] counts = new int[16 * size];
        Count job = new(counts);
        for (int run = 1; run <= 20_000; run++)
        {
            team.Run(ref job);
            for (int part = 0; part < size; part++)
            {
                if (counts[part * 16] != run)
                {
                    Assert.Fail($"Run {run}: part {part} was done {counts[part * 16]} times.");
                }
            }
        }
    }

    [Fact]
    public void RunsAfterPausesFindParkedThreads()
    {
        using Team team = new(3);
        int[] counts = new int[16 * 3];
        Count job = new(counts);
        for (int run = 1; run <= 300; run++)
        {
            team.Run(ref job);
            Assert.Equal((run, run, run), (counts[0], counts[16], counts[32]));
            if (run % 3 == 0)
            {
                Thread.Sleep(run % 2);
            }
            else
            {
                // Around the moment of parking, where a wake-up could be lost.
                long end = Stopwatch.GetTimestamp() + Stopwatch.Frequency / 1_000_000 * (run / 2);
                while (Stopwatch.GetTimestamp() < end)
                {
                    Thread.SpinWait(1);
                }
            }
        }
    }

    /// <summary>Each part waits in turn for a random short time, so that all orders of finishing occur.</summary>
    private struct Uneven(int[] waits, int[] counts) : IJob
    {
        public int[] Waits = waits;
        public int[] Counts = counts;

        public readonly void Execute(int part, int parts)
        {
            Thread.SpinWait(Waits[part]);
            if (Waits[part] % 31 == 0)
            {
                Thread.Sleep(0);
            }
            Counts[part * 16]++;
        }
    }

    [Fact]
    public void UnevenPartsAreAllWaitedFor()
    {
        using Team team = new(4);
        Random random = new(1);
        Uneven job = new(new int[4], new int[64]);
        for (int run = 1; run <= 3000; run++)
        {
            for (int part = 0; part < 4; part++)
            {
                job.Waits[part] = random.Next(random.Next(4) == 0 ? 3000 : 30);
            }
            team.Run(ref job);
            Assert.Equal((run, run, run, run), (job.Counts[0], job.Counts[16], job.Counts[32], job.Counts[48]));
        }
    }

    /// <summary>Comes back when all parts are here, which then are on as many threads.</summary>
    private static void Meet(ref int arrived, int parts)
    {
        int number = Interlocked.Increment(ref arrived), all = (number + parts - 1) / parts * parts;
        while (Volatile.Read(ref arrived) < all)
        {
            Thread.Yield();
        }
    }

    /// <summary>Notes what each part's thread has allocated so far.</summary>
    private struct Allocations(long[] first, long[] last) : IJob
    {
        public int[] Arrived = new int[1];
        public long[] First = first;
        public long[] Last = last;
        public bool Notes;
        public bool Measured;

        public readonly void Execute(int part, int parts)
        {
            if (!Notes)
            {
                return;
            }
            Meet(ref Arrived[0], parts);
            (Measured ? Last : First)[part] = GC.GetAllocatedBytesForCurrentThread();
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(4)]
    public void ARunAllocatesNothingOnAnyThread(int size)
    {
        using Team team = new(size);
        Allocations job = new(new long[size], new long[size]);
        for (int run = 0; run < 200; run++)
        {
            team.Run(ref job);
            if (run % 50 == 0)
            {
                Thread.Sleep(2);                                    // parking is warm, too
            }
        }
        job.Notes = true;
        team.Run(ref job);
        team.Run(ref job);
        job.Notes = false;
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int run = 0; run < 1000; run++)
        {
            team.Run(ref job);
            if (run % 250 == 0)
            {
                Thread.Sleep(2);
            }
        }
        long after = GC.GetAllocatedBytesForCurrentThread();
        (job.Notes, job.Measured) = (true, true);
        team.Run(ref job);
        Assert.Equal(before, after);
        for (int part = 0; part < size; part++)
        {
            Assert.Equal(job.First[part], job.Last[part]);
        }
    }

    private struct Fails(int from, int[] ended) : IJob
    {
        public int From = from;
        public int[] Ended = ended;

        [MethodImpl(MethodImplOptions.NoInlining)] // its name is looked for in the stack trace
        public readonly void Execute(int part, int parts)
        {
            Thread.SpinWait(100 * (parts - part));
            Interlocked.Increment(ref Ended[0]);
            if (part >= From)
            {
                throw new InvalidDataException($"part {part}");
            }
        }
    }

    [Theory]
    [InlineData(1, 0)]
    [InlineData(2, 0)]
    [InlineData(2, 1)]
    [InlineData(4, 0)]
    [InlineData(4, 2)]
    [InlineData(4, 3)]
    public void TheLowestPartsExceptionComesOutAfterAllPartsEndedAndTheTeamGoesOn(int size, int from)
    {
        using Team team = new(size);
        for (int run = 0; run < 20; run++)
        {
            Fails job = new(from, new int[1]);
            InvalidDataException thrown = Assert.Throws<InvalidDataException>(() => team.Run(ref job));
            Assert.Equal($"part {from}", thrown.Message);
            Assert.Contains(nameof(Fails), thrown.StackTrace, StringComparison.Ordinal);
            Assert.Equal(size, job.Ended[0]);

            Count next = new(new int[16 * size]);
            team.Run(ref next);
            Assert.Equal(size, next.Counts.Sum());
        }
    }

    private struct Nested(Team team, int inPart) : IJob
    {
        public Team Team = team;
        public int InPart = inPart;

        public readonly void Execute(int part, int parts)
        {
            if (part == InPart)
            {
                Count inner = new(new int[16 * parts]);
                Team.Run(ref inner);
            }
        }
    }

    private struct Ends(Team team) : IJob
    {
        public Team Team = team;

        public readonly void Execute(int part, int parts)
        {
            if (part == 0)
            {
                Team.Dispose();
            }
        }
    }

    [Theory]
    [InlineData(1, 0)]
    [InlineData(3, 0)]
    [InlineData(3, 2)]
    public void ARunOrDisposeFromInsideAJobIsRefused(int size, int part)
    {
        using Team team = new(size);
        Nested nested = new(team, part);
        Assert.Throws<InvalidOperationException>(() => team.Run(ref nested));
        Ends ends = new(team);
        Assert.Throws<InvalidOperationException>(() => team.Run(ref ends));
        Count job = new(new int[16 * size]);
        team.Run(ref job);
        Assert.Equal(size, job.Counts.Sum());
    }

    [Fact]
    public void AJobMayRunAnotherTeam()
    {
        using Team outer = new(2);
        using Team inner = new(2);
        Nested job = new(inner, 1);
        outer.Run(ref job);
        Count count = new(new int[32]);
        inner.Run(ref count);
        Assert.Equal(1, count.Counts[16]);
    }

    private struct Threads(int[] ids) : IJob
    {
        public int[] Ids = ids;
        public int[] Arrived = new int[1];

        public readonly void Execute(int part, int parts)
        {
            Ids[part] = Environment.CurrentManagedThreadId;
            Meet(ref Arrived[0], parts);
        }
    }

    [Fact]
    public void PartsKeepTheirThreadsAndPart0IsTheCallers()
    {
        using Team team = new(3);
        Threads first = new(new int[3]), second = new(new int[3]);
        team.Run(ref first);
        team.Run(ref second);
        Assert.Equal(Environment.CurrentManagedThreadId, first.Ids[0]);
        Assert.Equal(first.Ids, second.Ids);
        Assert.Equal(3, first.Ids.Distinct().Count());

        using Team alone = new(1);
        Threads own = new(new int[1]);
        alone.Run(ref own);
        Assert.Equal(Environment.CurrentManagedThreadId, own.Ids[0]);
    }

    /// <summary>Part 0 keeps the caller busy for a moment; a thread asleep then need not be waited for.</summary>
    private struct Sums(int[] done) : IJob
    {
        public int[] Done = done;

        public readonly void Execute(int part, int parts) => Interlocked.Increment(ref Done[part]);
    }

    [Fact]
    public void EveryPartIsDoneOnceWhetherItsThreadIsAwakeOrNot()
    {
        using Team team = new(4);
        Sums job = new(new int[4]);
        for (int run = 1; run <= 2000; run++)
        {
            team.Run(ref job);
            Assert.Equal([run, run, run, run], job.Done);
            if (run % 400 == 0)
            {
                Thread.Sleep(3);                                    // all asleep
            }
        }
    }

    private struct Collects(object[] objects) : IJob
    {
        public object[] Objects = objects;
        public int Sum;

        public void Execute(int part, int parts)
        {
            for (int i = 0; i < 200; i++)
            {
                if (part == 0 && i % 50 == 0)
                {
                    GC.Collect(2, GCCollectionMode.Forced, blocking: true, compacting: true);
                }
                // The reference is read from the caller's stack while objects move.
                Interlocked.Add(ref Sum, ((int[])Objects[(i + part) % Objects.Length])[0]);
            }
        }
    }

    private sealed class Holder
    {
        public Collects Job;
    }

    [Fact]
    public void AJobThatIsAFieldOfAMovingObjectStaysValidAndItsChangesComeBack()
    {
        using Team team = new(2);
        object[] objects = [.. Enumerable.Range(0, 64).Select(i => { _ = new byte[100]; return (object)new[] { 1 }; })];
        Holder holder = new() { Job = new(objects) };
        team.Run(ref holder.Job);
        Assert.Equal(400, holder.Job.Sum);
    }

    [Fact]
    public void ManyTeamsLiveSideBySide()
    {
        Team[] teams = [.. Enumerable.Range(1, 12).Select(i => new Team(1 + i % 4))];
        Count[] jobs = [.. teams.Select(team => new Count(new int[16 * team.Size]))];
        Parallel.For(0, teams.Length, i =>
        {
            for (int run = 0; run < 200; run++)
            {
                teams[i].Run(ref jobs[i]);
            }
        });
        for (int i = 0; i < teams.Length; i++)
        {
            Assert.Equal(200 * teams[i].Size, jobs[i].Counts.Sum());
            teams[i].Dispose();
        }
    }

    [Fact]
    public void TwoCallersAtOnceAreRefusedNotMixed()
    {
        using Team team = new(2);
        int refused = 0, done = 0;
        Parallel.For(0, 4, _ =>
        {
            for (int run = 0; run < 300; run++)
            {
                Uneven job = new([50, 50], new int[32]);
                try
                {
                    team.Run(ref job);
                    Interlocked.Increment(ref done);
                    Assert.Equal((1, 1), (job.Counts[0], job.Counts[16]));
                }
                catch (InvalidOperationException)
                {
                    Interlocked.Increment(ref refused);
                }
            }
        });
        Assert.Equal(1200, refused + done);
        Assert.True(done > 0);
    }

    [Fact]
    public void DisposeEndsTheThreadsAndFurtherRunsAreRefused()
    {
        Team team = new(3);
        Collector collector = new(new Thread[3]);
        team.Run(ref collector);
        team.Dispose();
        team.Dispose();
        Assert.False(collector.Threads[1].IsAlive);
        Assert.False(collector.Threads[2].IsAlive);
        Assert.Throws<ObjectDisposedException>(() => team.Run(ref collector));
    }

    private struct Collector(Thread[] threads) : IJob
    {
        public Thread[] Threads = threads;
        public int[] Arrived = new int[1];

        public readonly void Execute(int part, int parts)
        {
            Threads[part] = Thread.CurrentThread;
            Meet(ref Arrived[0], parts);
            Assert.True(part == 0 || Thread.CurrentThread.IsBackground);
        }
    }

    [Fact]
    public void WaitingThreadsParkSoThatAnIdleTeamCostsNoProcessorTime()
    {
        using Team team = new(4);
        Collector collector = new(new Thread[4]);
        team.Run(ref collector);
        // No measure of time: only that each worker is seen asleep at some moment.
        for (int part = 1; part < 4; part++)
        {
            Assert.True(SpinWait.SpinUntil(
                () => collector.Threads[part].ThreadState.HasFlag(System.Threading.ThreadState.WaitSleepJoin), 30_000));
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void ALateWakeUpForAnEarlierValueDoesNotEndAWait(bool crowded)
    {
        using Team.Gate gate = new(crowded);
        int number = 0, seen = 0;
        Thread waiter = new(() =>
        {
            gate.WaitUntil(ref number, 2);
            seen = number;
        });
        waiter.Start();
        for (int value = 0; value < 2; value++)
        {
            Interlocked.Exchange(ref number, value);
            SpinWait.SpinUntil(() => waiter.ThreadState.HasFlag(System.Threading.ThreadState.WaitSleepJoin), 30_000);
            gate.Wake();
            Assert.False(waiter.Join(30));
        }
        Interlocked.Exchange(ref number, 2);
        gate.Wake();
        waiter.Join();
        Assert.Equal(2, seen);
    }

    private struct Slow() : IJob
    {
        public int[] Arrived = new int[1];
        public int Done;

        public void Execute(int part, int parts)
        {
            Meet(ref Arrived[0], parts);
            if (part == 1)
            {
                Thread.Sleep(50);
                Done = 1;
            }
        }
    }

    [Fact]
    public void AnInterruptDoesNotLeaveARunningJobBehindAndIsDeliveredAfterwards()
    {
        using Team team = new(2);
        bool delivered = false;
        Slow job = new();
        Thread caller = new(() =>
        {
            team.Run(ref job);
            try
            {
                Thread.Sleep(30_000);
            }
            catch (ThreadInterruptedException)
            {
                delivered = true;
            }
        });
        caller.Start();
        caller.Interrupt();
        caller.Join();
        Assert.True(delivered);
        Assert.Equal(1, job.Done);
    }

    [Fact]
    public void PartsCoverTheCountInOrderWithBordersAtMultiples() =>
        Gen.Select(Gen.Int[0, 5000], Gen.Int[1, 40], Gen.Int[1, 70]).Sample((count, parts, multipleOf) =>
        {
            int end = 0;
            int smallest = int.MaxValue, largest = 0;
            for (int part = 0; part < parts; part++)
            {
                (int start, int length) = Team.Part(count, part, parts, multipleOf).GetOffsetAndLength(count);
                Assert.Equal(end, start);
                end = start + length;
                Assert.True(end == count || end % multipleOf == 0);
                int multiples = (length + multipleOf - 1) / multipleOf;
                smallest = Math.Min(smallest, multiples);
                largest = Math.Max(largest, multiples);
            }
            Assert.Equal(count, end);
            Assert.True(largest - smallest <= 1);
        });

    [Fact]
    public void PartsOfTheLargestCountDoNotOverflow()
    {
        Assert.Equal(0..1_073_741_824, Team.Part(int.MaxValue, 0, 2, 16));
        Assert.Equal(1_073_741_824..int.MaxValue, Team.Part(int.MaxValue, 1, 2, 16));
    }

    [Fact]
    public void ImpossibleTeamsAndPartsAreRefused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new Team(0));
        Assert.Throws<ArgumentOutOfRangeException>(() => Team.Part(10, 2, 2, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => Team.Part(10, -1, 2, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => Team.Part(10, 0, 2, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => Team.Part(-1, 0, 2, 1));
        Assert.InRange(Team.DefaultSize, 1, Environment.ProcessorCount);
    }
}
