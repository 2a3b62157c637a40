using System.Text;
using Xunit;

namespace Downhill.Tests.Browser;

/// <summary>Input that is broken or far too large: a clear message, and the session lives on.</summary>
public sealed class HardInputTests(Hosts hosts) : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("downhill").FullName;

    public static TheoryData<string, string> BrokenAddresses
    {
        get
        {
            string[] broken =
            [
                "v=1&rate=1e30", "v=99&data=spiral", "%%%&=&&layers=",
                "v=1&layers=9999999,-3&seed=abc&batch=1e9&noise=NaN", "v=1&at=20&log=@@@,,,%00", "v=1&data=own",
                "v=1&opt=adam:beta1=7&act=nothing&in=x9,sin", "v=1&data=" + new string('a', 100_000),
            ];
            TheoryData<string, string> all = [];
            foreach (ITheoryDataRow host in Hosts.Either)
                foreach (string address in broken) all.Add((string)host.GetData()[0]!, address);
            if (all.Count == broken.Length) all.Add("browser", broken[^1]);
            return all;
        }
    }

    [Theory, MemberData(nameof(BrokenAddresses))]
    public async Task A_broken_address_opens_with_a_message(string host, string address)
    {
        await using Visit visit = await hosts.Open(host, address);
        string said = await visit.Find("diagnosis").First.InnerTextAsync();
        Assert.InRange(said.Length, 20, 2000);
        Assert.DoesNotContain("Exception", said, StringComparison.Ordinal);
        await LivesOn(visit);
    }

    /// <summary>The page reads no file that is larger than what the engine takes.</summary>
    [Theory, MemberData(nameof(Hosts.Both), MemberType = typeof(Hosts))]
    public async Task A_table_just_over_100_MB_is_refused(string host)
    {
        await using Visit visit = await hosts.Open(host);
        await visit.OpenTable(Table("large.csv", "0.123456789,1.23456789,1\n", 100_000_001));
        await Refused(visit, "at most 100 MB");
        await LivesOn(visit);
    }

    /// <summary>What goes to the engine as it is, and what takes more room as text in a request than in the file (short
    /// lines) and more than a request may have: the page does not send it. What the server says to a request that is
    /// too long is asked without a browser.</summary>
    [Theory, MemberData(nameof(Hosts.Both), MemberType = typeof(Hosts))]
    public async Task A_table_just_below_100_MB_is_answered_too(string host)
    {
        await using Visit visit = await hosts.Open(host);
        await visit.OpenTable(Table("rows.csv", "0.123456789,1.23456789,1\n", 99_000_000));
        await Refused(visit, "1,000,000 rows");
        await visit.OpenTable(Table("short.csv", "1\n", 99_000_000));
        await Refused(visit, "at most 128 MiB, and these data");
        await LivesOn(visit);
    }

    [Theory, MemberData(nameof(Hosts.Both), MemberType = typeof(Hosts))]
    public async Task A_table_of_a_million_columns_is_refused(string host)
    {
        string path = Path.Combine(folder, "wide.csv"), row = string.Join(',', Enumerable.Repeat("1", 1_000_000));
        await File.WriteAllTextAsync(path, row + "\n" + row + "\n");
        await using Visit visit = await hosts.Open(host);
        await visit.OpenTable(path);
        await Refused(visit, "1,000,000");
        await File.WriteAllTextAsync(path, "a,b,c\n1,2,3\n" + row + "\n");
        await visit.OpenTable(path);
        await Refused(visit, "line 3");
        await LivesOn(visit);
    }

    [Theory, MemberData(nameof(Hosts.Either), MemberType = typeof(Hosts))]
    public async Task A_learning_rate_of_1e30_is_refused_where_it_is_typed(string host)
    {
        await using Visit visit = await hosts.Open(host);
        double before = await visit.Field("set-learningRate");
        await visit.Find("set-learningRate").FillAsync("1e30");
        await visit.Page.Keyboard.PressAsync("Enter");
        await visit.Page.GetByText("At most").First.WaitForAsync();
        await visit.Page.Keyboard.PressAsync("Escape");
        Assert.Equal(before, await visit.Field("set-learningRate"));
        await LivesOn(visit);
    }

    public void Dispose() => Directory.Delete(folder, recursive: true);

    private static async Task Refused(Visit visit, string why)
    {
        await visit.Until(
            async () => await visit.Find("own-trouble").CountAsync() > 0
                && (await visit.Read("own-trouble")).Contains(why, StringComparison.Ordinal),
            $"'{why}' in what the page says", 60);
        Assert.InRange((await visit.Read("own-trouble")).Length, 20, 500);
    }

    private static async Task LivesOn(Visit visit)
    {
        await visit.Page.Keyboard.PressAsync("Escape");
        await visit.Step("epoch");
        Assert.True(await visit.Number("update") > 0);
    }

    private string Table(string name, string line, int bytes)
    {
        string path = Path.Combine(folder, name);
        byte[] lines = Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat(line, 1 << 14)));
        using FileStream file = File.Create(path);
        while (file.Length < bytes) file.Write(lines, 0, (int)Math.Min(lines.Length, bytes - file.Length));
        return path;
    }
}
