// Verifies license files, machine files and signed license keys, offline. .NET 6 or later.
//
//   dotnet new console -o verify && cd verify && rm Program.cs   (and put this file here)
//   dotnet add package BouncyCastle.Cryptography                 (.NET itself has no Ed25519)
//   dotnet run -- license-file app.lic --public-key HEX --license-key KEY --product ID
//
// Everything has exactly one accepted spelling, so nothing is repaired or guessed here, and the
// signature is checked before anything that was signed is decoded, decrypted or read.
#nullable enable
using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Org.BouncyCastle.Crypto;
using Org.BouncyCastle.Crypto.Engines;
using Org.BouncyCastle.Crypto.Modes;
using Org.BouncyCastle.Crypto.Parameters;
using Org.BouncyCastle.Crypto.Signers;

public sealed class NotValidException : Exception
{
    public NotValidException(string message, Exception? inner = null) : base(message, inner) { }
}

public static class Verifier
{
    private const string Uuid = @"\A[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\z";
    private const string Time = @"\A([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2})"
        + @"(?:(\.[0-9]{1,7})[0-9]{0,2})?(Z|[+-][0-9]{2}:[0-9]{2})\z";

    // Unlike the usual one, it throws on bytes that are no UTF-8 instead of putting others there.
    private static readonly UTF8Encoding Utf8 = new(false, throwOnInvalidBytes: true);

    /// <summary>
    /// Returns the dataset of a file, or the claims of a signed key; NotValidException if it is not good.
    /// publicKeys are the hex texts that your app embeds. When the license itself ends, and whether it
    /// is suspended, stands in the result, for your app to judge.
    /// </summary>
    public static JsonElement Verify(string kind, string text, IReadOnlyList<string> publicKeys, string? licenseKey,
        string? fingerprint, string product, DateTimeOffset now)
    {
        try
        {
            return kind == "signed-key"
                ? SignedKey(text, publicKeys, product)
                : FileOf(kind, text, publicKeys, licenseKey, fingerprint, product, now);
        }
        // What decoders and parsers throw at content of another shape than expected.
        catch (Exception error) when (error is FormatException or JsonException or InvalidOperationException
            or KeyNotFoundException or ArgumentException)
        {
            throw new NotValidException("malformed: " + error.Message, error);
        }
    }

    private static JsonElement FileOf(string kind, string text, IReadOnlyList<string> publicKeys, string? licenseKey,
        string? fingerprint, string product, DateTimeOffset now)
    {
        Need(kind is "license-file" or "machine-file", "the kind is not known");
        bool isMachine = kind == "machine-file";
        // A machine file is encrypted for one license on one machine: its secret is made of both.
        string secret = licenseKey + (isMachine ? fingerprint : "");
        JsonElement dataset = Parse(Open(isMachine ? "machine" : "license", text, publicKeys, secret));
        bool hasIncluded = dataset.TryGetProperty("included", out JsonElement included);
        Closed(dataset, hasIncluded ? new[] { "data", "meta", "included" } : new[] { "data", "meta" });
        JsonElement[] others = hasIncluded ? included.EnumerateArray().ToArray() : Array.Empty<JsonElement>();
        JsonElement data = dataset.GetProperty("data");
        Need(others.Append(data).All(IsResource), "the content is malformed");
        Need(TypeOf(data) == (isMachine ? "machines" : "licenses"), "the content is of another type");
        JsonElement[] candidates = isMachine ? others : new[] { data };
        JsonElement[] licenses = candidates.Where(item => TypeOf(item) == "licenses").ToArray();
        Need(licenses.Length == 1, "not exactly one license");
        JsonElement license = licenses[0];
        string id = Id(license);
        if (isMachine)
        {
            Id(data);
            Need(!string.IsNullOrEmpty(fingerprint), "the fingerprint of this machine is needed");
            string? named = data.GetProperty("attributes").GetProperty("fingerprint").GetString();
            Need(string.Equals(named, fingerprint, StringComparison.Ordinal), "for another machine");
            Need(Related(data, "license") == id, "the license is another one");
        }
        Related(license, "policy");
        Need(Related(license, "product") == CheckedId(product), "for another product");
        if (licenseKey != null && licenseKey.StartsWith("key/", StringComparison.Ordinal))
        {
            // A signed key names its license: a file of another license does not go with it.
            JsonElement claims = SignedKey(licenseKey, publicKeys, product);
            Need(Id(claims.GetProperty("license")) == id, "for another license");
        }

        JsonElement meta = Closed(dataset.GetProperty("meta"), "issued", "expiry", "ttl");
        DateTimeOffset issued = Instant(meta.GetProperty("issued")), expiry = Instant(meta.GetProperty("expiry"));
        Need(meta.GetProperty("ttl").TryGetInt32(out int ttl) && ttl >= 1, "the ttl is malformed");
        Need(issued - now <= TimeSpan.FromMinutes(5), "issued in the future: is this computer's clock right?");
        Need(issued < expiry && now < expiry, "the file's time is over");
        return dataset;
    }

    private static byte[] Open(string word, string text, IReadOnlyList<string> publicKeys, string secret)
    {
        Need(Utf8.GetByteCount(text) <= 65536, "the file is too long");
        List<string> lines = text.Split('\n').Select(line => line.EndsWith('\r') ? line[..^1] : line).ToList();
        // Mail programs add line ends; nothing else is forgiven.
        while (lines.Count > 0 && lines[^1] == "") lines.RemoveAt(lines.Count - 1);
        string name = word.ToUpperInvariant();
        Need(lines.Count > 1 && lines[0] == $"-----BEGIN {name} FILE-----" && lines[^1] == $"-----END {name} FILE-----",
            $"not a {word} file");
        JsonElement envelope = Closed(Parse(Base64(string.Concat(lines.Skip(1).SkipLast(1)))), "enc", "sig", "alg");
        string enc = Text(envelope, "enc"), sig = Text(envelope, "sig"), alg = Text(envelope, "alg");
        Need(alg is "base64+ed25519" or "aes-256-gcm+ed25519", "the algorithm is not known");
        // The kind is part of what is signed: a license file relabeled as a machine file is none.
        CheckSignature(word + "/" + enc, Base64(sig), publicKeys);
        if (alg == "base64+ed25519") return Base64(enc);

        byte[][] parts = enc.Split('.').Select(Base64).ToArray();
        Need(parts.Length == 3 && parts[1].Length == 12 && parts[2].Length == 16, "the ciphertext is malformed");
        byte[] key = SHA256.HashData(Utf8.GetBytes(secret));
        // .NET's own AesGcm is not there on every platform, and this package is needed anyway.
        var cipher = new BufferedAeadBlockCipher(new GcmBlockCipher(new AesEngine()));
        cipher.Init(false, new AeadParameters(new KeyParameter(key), 128, parts[1]));
        try
        {
            return cipher.DoFinal(parts[0].Concat(parts[2]).ToArray());
        }
        catch (InvalidCipherTextException error)
        {
            throw new NotValidException("for another license key or another machine", error);
        }
    }

    private static JsonElement SignedKey(string text, IReadOnlyList<string> publicKeys, string product)
    {
        Need(text.Length <= 4096 && Regex.IsMatch(text, @"\Akey/[^.]+\.[^.]+\z"), "not a signed license key");
        string[] parts = text.Split('.');
        byte[] payload = Base64Url(parts[0]["key/".Length..]);
        CheckSignature(parts[0], Base64Url(parts[1]), publicKeys);
        JsonElement claims = Closed(Parse(payload), "license", "product", "policy", "issued", "expiry");
        foreach (string name in new[] { "license", "product", "policy" }) Id(Closed(claims.GetProperty(name), "id"));
        Need(Id(claims.GetProperty("product")) == CheckedId(product), "for another product");
        // The expiry is what it was when the key was made. A renewal does not change the key, so that a
        // key is over is for the server, or a license file, to say.
        Instant(claims.GetProperty("issued"));
        JsonElement expiry = claims.GetProperty("expiry");
        if (expiry.ValueKind != JsonValueKind.Null) Instant(expiry);
        return claims;
    }

    private static void CheckSignature(string message, byte[] signature, IReadOnlyList<string> publicKeys)
    {
        byte[] signed = Utf8.GetBytes(message);
        // Several keys, so that an app can trust the next one before the old one retires.
        Need(publicKeys.Any(hex =>
        {
            byte[] key = Convert.FromHexString(hex);
            Need(key.Length == 32, "a public key is 64 hex digits");
            var verifier = new Ed25519Signer();
            verifier.Init(false, new Ed25519PublicKeyParameters(key, 0));
            verifier.BlockUpdate(signed, 0, signed.Length);
            return verifier.VerifySignature(signature);
        }), "the signature is not the vendor's");
    }

    private static JsonElement Parse(byte[] utf8)
    {
        var options = new JsonDocumentOptions { MaxDepth = 128 };
        using JsonDocument document = JsonDocument.Parse(Utf8.GetString(utf8), options);
        RefuseTwins(document.RootElement);
        return document.RootElement.Clone();
    }

    // Of two members with one name, GetProperty finds the last; other readers, the first.
    private static void RefuseTwins(JsonElement value)
    {
        if (value.ValueKind == JsonValueKind.Array)
        {
            foreach (JsonElement item in value.EnumerateArray()) RefuseTwins(item);
        }
        if (value.ValueKind != JsonValueKind.Object) return;
        var names = new HashSet<string>();
        foreach (JsonProperty member in value.EnumerateObject())
        {
            Need(names.Add(member.Name), "a member is given twice");
            RefuseTwins(member.Value);
        }
    }

    private static byte[] Base64(string text)
    {
        byte[] bytes = Convert.FromBase64String(text); // Skips white space, and reads several spellings.
        Need(Convert.ToBase64String(bytes) == text, "the base64 is not canonical");
        return bytes;
    }

    private static byte[] Base64Url(string text)
    {
        Need(!text.Contains('+') && !text.Contains('/'), "the base64 is of the other alphabet");
        return Base64(text.Replace('-', '+').Replace('_', '/'));
    }

    private static JsonElement Closed(JsonElement value, params string[] names)
    {
        bool isClosed = value.EnumerateObject().Select(member => member.Name).ToHashSet().SetEquals(names);
        Need(isClosed, "expected exactly the members " + string.Join(", ", names));
        return value;
    }

    private static bool IsResource(JsonElement value) =>
        Text(value, "id") != null && Text(value, "type") != null
        && value.GetProperty("attributes").ValueKind == JsonValueKind.Object
        && (!value.TryGetProperty("relationships", out JsonElement links) || links.ValueKind == JsonValueKind.Object);

    private static string Related(JsonElement resource, string name) =>
        Id(resource.GetProperty("relationships").GetProperty(name).GetProperty("data"));

    private static string Id(JsonElement named) => CheckedId(Text(named, "id"));

    private static string TypeOf(JsonElement resource) => Text(resource, "type");

    private static string Text(JsonElement value, string name) =>
        value.GetProperty(name).GetString() ?? throw new NotValidException($"{name} is missing");

    private static string CheckedId(string id)
    {
        Need(Regex.IsMatch(id, Uuid), "an id is malformed");
        return id.ToLowerInvariant();
    }

    private static DateTimeOffset Instant(JsonElement value) => Instant(value.GetString() ?? "");

    public static DateTimeOffset Instant(string text)
    {
        Match match = Regex.Match(text, Time);
        Need(match.Success, "a time is malformed");
        // .NET counts in units of 100 ns, so of nine decimals the last two are left out.
        string kept = match.Groups[1].Value + match.Groups[2].Value + match.Groups[3].Value;
        return DateTimeOffset.ParseExact(kept, "yyyy-MM-dd'T'HH:mm:ss.FFFFFFFK", CultureInfo.InvariantCulture);
    }

    private static void Need(bool condition, string message)
    {
        if (!condition) throw new NotValidException(message);
    }
}

public static class Program
{
    public static int Main(string[] args)
    {
        try
        {
            var options = new Dictionary<string, string>();
            var keys = new List<string>();
            for (int at = 2; at + 1 < args.Length; at += 2)
            {
                if (args[at] == "--public-key") keys.Add(args[at + 1]);
                else options.Add(args[at], args[at + 1]);
            }
            string? Option(string name) => options.Remove(name, out string? value) ? value : null;
            string? licenseKey = Option("--license-key"), fingerprint = Option("--fingerprint");
            string? product = Option("--product"), time = Option("--now");
            if (args.Length < 2 || args.Length % 2 == 1 || product == null || options.Count > 0)
            {
                throw new ArgumentException("usage: KIND FILE --public-key HEX --product ID"
                    + " [--license-key KEY] [--fingerprint F] [--now TIME]");
            }
            // Bytes, because File.ReadAllText would leave out a byte order mark.
            string text = new UTF8Encoding(false, true).GetString(File.ReadAllBytes(args[1]));
            // The line end that an editor adds is not part of the key.
            if (args[0] == "signed-key") text = text.TrimEnd('\r', '\n');
            DateTimeOffset now = time == null ? DateTimeOffset.UtcNow : Verifier.Instant(time);
            JsonElement found = Verifier.Verify(args[0], text, keys, licenseKey, fingerprint, product, now);

            bool isKey = args[0] == "signed-key";
            JsonElement license = found.GetProperty(isKey ? "license" : "data");
            if (args[0] == "machine-file")
            {
                license = license.GetProperty("relationships").GetProperty("license").GetProperty("data");
            }
            string? expiry = (isKey ? found : found.GetProperty("meta")).GetProperty("expiry").GetString();
            Console.WriteLine($"license {license.GetProperty("id").GetString()}, expiry {expiry ?? "never"}");
            return 0;
        }
        catch (Exception error)
        {
            Console.Error.WriteLine("not valid: " + error.Message);
            return 1;
        }
    }
}
