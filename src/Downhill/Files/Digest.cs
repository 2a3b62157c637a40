using System.Buffers;
using System.Security.Cryptography;

namespace Downhill;

/// <summary>
/// SHA-256 over bytes that come in pieces, as 64 lowercase hexadecimal digits. (SHA-256 and incremental hashing are
/// among the few cryptographic functions .NET carries into the browser.)
/// </summary>
internal sealed class Digest : IDisposable
{
    /// <summary>Number of hexadecimal digits.</summary>
    public const int Digits = 64;

    private static readonly SearchValues<byte> Lowercase = SearchValues.Create("0123456789abcdef"u8);

    private readonly IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);

    public void Append(ReadOnlySpan<byte> bytes) => hash.AppendData(bytes);

    /// <summary>The digits of everything appended; the digest then starts afresh.</summary>
    public string Finish()
    {
        Span<byte> bytes = stackalloc byte[SHA256.HashSizeInBytes];
        hash.GetHashAndReset(bytes);
        return Convert.ToHexStringLower(bytes);
    }

    /// <summary>
    /// Whether these are digits as <see cref="Finish"/> writes them. Capitals are refused: as 'a' and 'A' differ in one
    /// bit, a reader that took both would overlook that bit's damage.
    /// </summary>
    public static bool IsWellFormed(ReadOnlySpan<byte> digits) =>
        digits.Length == Digits && !digits.ContainsAnyExcept(Lowercase);

    public void Dispose() => hash.Dispose();
}
