using Xunit;

namespace Downhill.Tests;

public sealed class AtomicFileTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    private static Action<Stream> Content(params byte[] bytes) => stream => stream.Write(bytes);

    [Fact]
    public void ContentReplacesTheOldAndNothingElseIsLeft()
    {
        string file = folder["model"];
        AtomicFile.Write(file, Content(1, 2, 3));
        Assert.Equal([1, 2, 3], File.ReadAllBytes(file));
        AtomicFile.Write(file, Content(4));
        Assert.Equal([4], File.ReadAllBytes(file));
        Assert.Equal(["model"], folder.Names);
    }

    [Fact]
    public void UntilTheEndOfWritingTheNameStandsForTheOldContent()
    {
        string file = folder["model"];
        AtomicFile.Write(file, Content(1, 2, 3));
        AtomicFile.Write(file, stream =>
        {
            stream.Write(new byte[1 << 20]);
            stream.Flush();
            Assert.Equal([1, 2, 3], File.ReadAllBytes(file));
        });
        Assert.Equal(1 << 20, new FileInfo(file).Length);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void AFailureWhileWritingLeavesTheOldFileAndNoOther(bool existed)
    {
        string file = folder["model"];
        if (existed)
        {
            AtomicFile.Write(file, Content(1, 2, 3));
        }
        Assert.Throws<OperationCanceledException>(() => AtomicFile.Write(file, stream =>
        {
            stream.Write(new byte[1 << 20]);
            throw new OperationCanceledException();
        }));
        Assert.Equal(existed ? ["model"] : [], folder.Names);
        Assert.True(!existed || File.ReadAllBytes(file) is [1, 2, 3]);
    }

    [Fact]
    public void AFullDiskIsSaidToBeFullAndTheOldFileStays()
    {
        string file = folder["model"];
        AtomicFile.Write(file, Content(1));
        const int NoSpace = 28;
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows numbers this error differently.");
        IOException thrown = Assert.Throws<IOException>(() =>
            AtomicFile.Write(file, _ => throw new IOException("No space left on device", NoSpace)));
        Assert.Contains("disk is full", thrown.Message, StringComparison.Ordinal);
        Assert.Contains(file, thrown.Message, StringComparison.Ordinal);
        Assert.Equal([1], File.ReadAllBytes(file));
    }

    [Fact]
    public void AnotherIOErrorComesOutAsItIs()
    {
        IOException error = new("broken");
        Assert.Same(error, Assert.Throws<IOException>(() => AtomicFile.Write(folder["model"], _ => throw error)));
    }

    [Fact]
    public void AMissingFolderIsNamed()
    {
        string file = Path.Combine(folder.Path, "none", "model");
        DownhillException thrown = Assert.Throws<DownhillException>(() => AtomicFile.Write(file, Content(1)));
        Assert.Contains("existing folder", thrown.Message, StringComparison.Ordinal);
        Assert.Contains(Path.GetDirectoryName(file)!, thrown.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AFileInPlaceOfTheFolderIsRefused()
    {
        AtomicFile.Write(folder["file"], Content(1));
        Assert.Throws<DownhillException>(() => AtomicFile.Write(Path.Combine(folder["file"], "model"), Content(1)));
        Assert.Equal([1], File.ReadAllBytes(folder["file"]));
    }

    [Fact]
    public void AFolderWithoutPermissionIsAnInputError()
    {
        if (OperatingSystem.IsWindows() || Environment.IsPrivilegedProcess)
        {
            Assert.Skip("Permissions do not bind here.");
            return;
        }
        Directory.CreateDirectory(folder["locked"], UnixFileMode.UserRead | UnixFileMode.UserExecute);
        string file = Path.Combine(folder["locked"], "model");
        DownhillException thrown = Assert.Throws<DownhillException>(() => AtomicFile.Write(file, Content(1)));
        Assert.Contains("no permission", thrown.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("  ")]
    [InlineData("/dev/null")]
    [InlineData("/dev/stdout")]
    [InlineData("/proc/self/comm")]
    public void WhatIsNoOrdinaryFileIsRefused(string path)
    {
        Assert.SkipWhen(path.StartsWith('/') && OperatingSystem.IsWindows(), "Unix paths.");
        Assert.Throws<DownhillException>(() => AtomicFile.Write(path, Content(1)));
    }

    [Fact]
    public void ANameTooLongIsAnInputError()
    {
        string file = folder[new string('n', 300)];
        DownhillException thrown = Assert.Throws<DownhillException>(() => AtomicFile.Write(file, Content(1)));
        Assert.Contains("shorter name", thrown.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AFolderAsFileIsRefused()
    {
        Assert.Throws<DownhillException>(() => AtomicFile.Write(folder.Path, Content(1)));
        Assert.Throws<DownhillException>(
            () => AtomicFile.Write(folder["new"] + Path.DirectorySeparatorChar, Content(1)));
        Assert.Empty(folder.Names);
    }

    [Fact]
    public void ALinkStaysALinkAndItsTargetIsReplaced()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Links need a privilege there.");
        AtomicFile.Write(folder["real"], Content(1));
        File.CreateSymbolicLink(folder["link"], "real");
        AtomicFile.Write(folder["link"], Content(2));
        Assert.Equal("real", new FileInfo(folder["link"]).LinkTarget);
        Assert.Equal([2], File.ReadAllBytes(folder["real"]));
    }

    [Fact]
    public void APrivateFileStaysPrivate()
    {
        if (OperatingSystem.IsWindows())
        {
            Assert.Skip("Unix permissions.");
            return;
        }
        string file = folder["model"];
        AtomicFile.Write(file, Content(1));
        File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        AtomicFile.Write(file, Content(2));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
    }

    [Fact]
    public void LeftoversOfKilledWritersGoButThoseOfLivingOnesAndOfOtherFilesStay()
    {
        string dead = folder["model.~12345678"], young = folder["model.~87654321"];
        string[] others = [folder["model2.~12345678"], folder["model.~123456789"], folder["model.~1"]];
        foreach (string file in others.Append(dead).Append(young))
        {
            File.WriteAllBytes(file, [9]);
            File.SetLastWriteTimeUtc(file, DateTime.UtcNow.AddMinutes(file == young ? 0 : -5));
        }
        string living = folder["model.~abcdef00"];
        using (FileStream locked = new(living, FileMode.CreateNew, FileAccess.Write, FileShare.None))
        {
            File.SetLastWriteTimeUtc(locked.SafeFileHandle, DateTime.UtcNow.AddMinutes(-5));
            AtomicFile.Write(folder["model"], Content(1));
        }
        Assert.False(File.Exists(dead));
        Assert.All(others.Append(young).Append(living), file => Assert.True(File.Exists(file), file));
    }

    [Fact]
    public void WritersOfOneFileAtTheSameTimeLeaveOneWholeContent()
    {
        string file = folder["model"];
        Parallel.For(0, 24, i => AtomicFile.Write(file, stream =>
        {
            for (int piece = 0; piece < 20; piece++)
            {
                stream.Write(Enumerable.Repeat((byte)i, 5000).ToArray());
            }
        }));
        byte[] content = File.ReadAllBytes(file);
        Assert.Equal(100_000, content.Length);
        Assert.Single(content.Distinct());
        Assert.Equal(["model"], folder.Names);
    }
}
