using System.Runtime.InteropServices;

namespace Downhill;

/// <summary>
/// Writes a file so that at every moment, whatever happens to the process or the power, its name stands for either the
/// whole old content or the whole new one.
/// </summary>
public static partial class AtomicFile
{
    /// <summary>Writes beside <paramref name="path"/> and renames over it when all bytes are on the disk.</summary>
    /// <param name="path">The file; its folder must exist. A symbolic link is followed, not replaced.</param>
    /// <param name="write">Writes the content to the (seekable) stream. If it throws, the old file stays.</param>
    /// <exception cref="DownhillException">
    /// The folder does not exist, it may not be written to, or the path is a folder or a device.
    /// </exception>
    /// <exception cref="IOException">The disk is full or fails. The old file is intact.</exception>
    public static void Write(string path, Action<Stream> write)
    {
        ArgumentNullException.ThrowIfNull(write);
        string target = Target(path);
        string folder = Path.GetDirectoryName(target)!;
        string temporary = $"{target}{Mark}{Guid.NewGuid():N}"[..(target.Length + Mark.Length + RandomDigits)];
        try
        {
            RemoveStale(target, folder);
            using (FileStream stream = new(temporary, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None,
                1 << 16))
            {
                KeepMode(target, stream);
                write(stream);
                stream.Flush(flushToDisk: true);                    // 1. the bytes are on the disk
            }
            File.Move(temporary, target, overwrite: true);          // 2. the name changes its meaning in one moment
            FlushFolder(folder);                                    // 3. the new meaning is on the disk
        }
        catch (Exception exception)
        {
            TryDelete(temporary);
            if (Explained(exception, path, folder) is Exception explained)
            {
                throw explained;
            }
            throw;
        }
    }

    // ---- names -----------------------------------------------------------------------------------------------------

    private const string Mark = ".~";
    private const int RandomDigits = 8;

    /// <summary>The regular file meant by a path, which exists or can be created.</summary>
    private static string Target(string path)
    {
        if (string.IsNullOrWhiteSpace(path))
        {
            Throw.Input("File name", "a name", "nothing", "Name the file to write.");
        }
        FileInfo file = new(Path.GetFullPath(path));
        string target = file.LinkTarget is null ? file.FullName : file.ResolveLinkTarget(true)!.FullName;
        if (Directory.Exists(target) || Path.EndsInDirectorySeparator(target))
        {
            Throw.Input(path, "a file name", "a folder", "Add a file name.");
        }
        if (!OperatingSystem.IsWindows() && (IsDevice(file.FullName) || IsDevice(target)))
        {
            // A rename would put an ordinary file in the device's place.
            Throw.Input(path, "an ordinary file", "a device", "Choose a file in a folder of yours.");
        }
        return target;
    }

    private static bool IsDevice(string path) =>
        path.StartsWith("/proc/", StringComparison.Ordinal) || path.StartsWith("/sys/", StringComparison.Ordinal)
        || (path.StartsWith("/dev/", StringComparison.Ordinal)
            && !path.StartsWith("/dev/shm/", StringComparison.Ordinal));

    /// <summary>A file that only its owner could read stays so.</summary>
    private static void KeepMode(string target, FileStream stream)
    {
        if (!OperatingSystem.IsWindows() && !OperatingSystem.IsBrowser() && File.Exists(target))
        {
            File.SetUnixFileMode(stream.SafeFileHandle, File.GetUnixFileMode(target));
        }
    }

    /// <summary>
    /// Deletes what killed writers of the same file left behind, so that kills cannot fill the disk. One that is young
    /// or locked belongs to a living writer and stays.
    /// </summary>
    private static void RemoveStale(string target, string folder)
    {
        string prefix = target + Mark;
        foreach (string file in Directory.EnumerateFiles(folder, "*" + Mark + new string('?', RandomDigits)))
        {
            if (!file.StartsWith(prefix, StringComparison.Ordinal) || file.Length != prefix.Length + RandomDigits
                || File.GetLastWriteTimeUtc(file) > DateTime.UtcNow.AddSeconds(-10))
            {
                continue;
            }
            try
            {
                using FileStream unlocked = new(file, FileMode.Open, FileAccess.Write, FileShare.None);
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                continue;
            }
            TryDelete(file);
        }
    }

    private static void TryDelete(string file)
    {
        try
        {
            File.Delete(file);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // The error that brought us here matters more than a temporary file left behind.
        }
    }

    // ---- errors ----------------------------------------------------------------------------------------------------

    private const int UnixReadOnly = 30;
    private const int UnixFull = 28;
    private const int UnixOverQuota = 122;
    private const int WindowsFull = unchecked((int)0x80070070);

    /// <summary>The error in the user's terms, or null where it already is.</summary>
    private static Exception? Explained(Exception exception, string path, string folder) => exception switch
    {
        DirectoryNotFoundException => new DownhillException(
            $"{path}: expected an existing folder, got {folder}, which is none. Create it or choose another.",
                exception),
        PathTooLongException => new DownhillException(
            $"{path}: expected a shorter name, got one of {Path.GetFileName(path).Length} characters. Shorten it.",
            exception),
        UnauthorizedAccessException => NotAllowed(exception, path, folder),
        IOException when Is(exception, UnixReadOnly) => NotAllowed(exception, path, folder),
        IOException when Is(exception, UnixFull) || Is(exception, UnixOverQuota) || exception.HResult == WindowsFull =>
            new IOException($"{path}: the disk is full; a file that was there before is kept as it was.", exception),
        _ => null,
    };

    private static bool Is(Exception exception, int unixError) =>
        !OperatingSystem.IsWindows() && exception.HResult == unixError;

    private static DownhillException NotAllowed(Exception exception, string path, string folder) => new(
        $"{path}: expected a place that may be written to, got no permission to write there. "
        + $"Choose another folder or make {folder} writable.", exception);

    // ---- the folder ------------------------------------------------------------------------------------------------

    /// <summary>
    /// Makes the rename itself durable. .NET cannot open a folder, hence libc. Windows keeps its names by itself, a
    /// browser has no disk. Only an input/output error counts: some file systems refuse to flush a folder at all.
    /// </summary>
    private static void FlushFolder(string folder)
    {
        if (OperatingSystem.IsWindows() || OperatingSystem.IsBrowser())
        {
            return;
        }
        int descriptor = Open(folder, ReadOnly);
        if (descriptor < 0)
        {
            return;
        }
        int result = Flush(descriptor);
        int error = Marshal.GetLastPInvokeError();
        _ = Close(descriptor);
        if (result < 0 && error == InputOutputError)
        {
            throw new IOException($"{folder}: the disk failed while the folder was written.", error);
        }
    }

    private const int ReadOnly = 0;
    private const int InputOutputError = 5;

    [LibraryImport("libc", EntryPoint = "open", StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Flush(int descriptor);

    [LibraryImport("libc", EntryPoint = "close")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Close(int descriptor);
}
