using System.Text.Json;
using Xunit;

namespace Downhill.Playground.Tests;

/// <summary>Addresses: there and back, and broken ones.</summary>
public sealed class AddressTests
{
    [Theory]
    [InlineData("#v=1")]
    [InlineData("#v=1&data=spiral&noise=0.1&layers=8,8:relu,4:leaky_relu(0.02)&opt=adam(beta1%3D0.8)&rate=0.01&batch=0")]
    [InlineData("#v=1&data=gauss&classes=5&train=0.8&val=0.2&seed=9007199254740992&in=x1,x1x2,sinx2&layers=&act=sigmoid(x=2,y=0,z=0)")]
    [InlineData("#v=1&loss=huber(2)&out=identity&sched=learning_rate:warmup(steps=10,share=0),learning_rate:cosine&lrates=1,0.5,0.25&red=sum&l1=0.001&stop=validation(patience=5,change=0)&val=0.2")]
    [InlineData("#v=1&speed=epoch&test=1&disc=1&theme=dark&lang=ar&scene=momentum&hide=noise,batch")]
    public void AnAddressReadAndPrintedSaysTheSame(string hash)
    {
        using Player player = new();
        Heard first = player.Open(hash);
        Assert.Empty(first.Codes);
        using Player other = new();
        Heard second = other.Open(first.Hash);
        Assert.Equal(first.Hash, second.Hash);
        Assert.Equal(first.State.GetProperty("settings").GetRawText(), second.State.GetProperty("settings").GetRawText());
        Assert.Equal(player.Bits, other.Bits);
    }

    [Theory]
    [InlineData("", null)]
    [InlineData("#", null)]
    [InlineData("#v=2&data=xor", "addressVersion")]
    [InlineData("#v=1&dta=xor", "addressKey")]
    [InlineData("#v=1&data=xor&data=spiral", "addressTwice")]
    [InlineData("#v=1&data=nothing", "addressValue")]
    [InlineData("#v=1&rate=1e30", "addressValue")]
    [InlineData("#v=1&rate=NaN", "addressValue")]
    [InlineData("#v=1&rate=-1", "addressValue")]
    [InlineData("#v=1&batch=1.5", "addressValue")]
    [InlineData("#v=1&layers=8,x", "addressValue")]
    [InlineData("#v=1&layers=100000", "addressValue")]
    [InlineData("#v=1&layers=1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1", "addressValue")]
    [InlineData("#v=1&act=leaky_relu(", "addressValue")]
    [InlineData("#v=1&act=softmax", "addressRefused")]
    [InlineData("#v=1&act=step&layers=4", "addressRefused")]
    [InlineData("#v=1&in=x9", "addressRefused")]
    [InlineData("#v=1&data=own", "ownDataMissing")]
    [InlineData("#v=1&at=-5", "addressValue")]
    [InlineData("#v=1&at=10&log=5~rate", "addressLog")]
    [InlineData("#v=1&at=10&log=5~w.0.0.0~NaN", "addressLog")]
    [InlineData("#v=1&at=10&log=50~rate~0.1", "addressLog")]
    [InlineData("#%%%=%E0%A4&v=1", "addressKey")]
    [InlineData("#v=1&noise=%00%FF", "addressValue")]
    public void ABrokenAddressIsExplainedAndTheSessionLivesOn(string hash, string? code)
    {
        using Player player = new();
        Heard opened = player.Open(hash);
        if (code is null) Assert.Empty(opened.Codes);
        else Assert.Contains(code, opened.Codes);
        Assert.All(opened.Texts, text => Assert.DoesNotContain("Exception", text, StringComparison.Ordinal));
        player.Arrive();
        Assert.Equal(25, player.Epochs(1).Step);
    }

    [Fact]
    public void AnyBytesAsAnAddressLeaveASession()
    {
        using Player player = new();
        string[] pieces = ["v=1", "&", "data=", "spiral", "layers=", "8,", ":", "relu", "(", ")", "=", "%", "%41", "log=", "5~rate~0.1", "!", "at=", "99", "w.0.b.1", "\u0000", "é", "#"];
        RandomStream random = new(1, 0);
        for (ulong i = 0; i < 3000; i++)
        {
            string hash = string.Concat(Enumerable.Range(0, 1 + random.Below(i * 64, 20)).Select(k => pieces[random.Below(i * 64 + 1 + (ulong)k, pieces.Length)]));
            Assert.NotNull(Address.Read(hash).Settings);
        }
        Assert.True(Address.Read(new string('x', 1 << 20)).Messages.Count == 1);
    }

    [Fact]
    public void EveryPropertyReadsWhatItPrints()
    {
        foreach (Property property in Properties.All)
        {
            Settings read = property.Read(Settings.Default, property.Default);
            Assert.Equal(property.Default, property.Print(read));
            foreach (string choice in property.Choices.Where(c => property.Name != "data" || c != DataSets.Own))
                Assert.Equal(choice, property.Kind == PropertyKind.Number
                    ? choice // may be printed shorter
                    : property.Print(property.Read(Settings.Default, choice)));
        }
    }
}
