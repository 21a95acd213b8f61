// Checks Verify.cs with a file of vectors. Put it beside Verify.cs in its project; as there are two Main
// methods then, say which one to start:
//
//   dotnet run --property:StartupObject=RunVectors -- vectors.json
#nullable enable
using System;
using System.IO;
using System.Linq;
using System.Text.Json;

public static class RunVectors
{
    public static int Main(string[] args)
    {
        using JsonDocument file = JsonDocument.Parse(File.ReadAllBytes(args[0]));
        JsonElement[] cases = file.RootElement.GetProperty("cases").EnumerateArray().ToArray();
        int wrong = 0;
        foreach (JsonElement test in cases)
        {
            string found = Outcome(test);
            bool isValid = test.GetProperty("valid").GetBoolean();
            // What is off in its form alone may be accepted; this program refuses it.
            if ((found == "accepted") == isValid) continue;
            wrong++;
            string name = $"{test.GetProperty("kind")}, {test.GetProperty("name")}";
            Console.WriteLine($"{name}: should be {(isValid ? "accepted" : "refused")}, is {found}");
        }
        Console.WriteLine($"{cases.Length} cases, {wrong} wrong");
        return wrong > 0 || cases.Length == 0 ? 1 : 0;
    }

    private static string Outcome(JsonElement test)
    {
        string? Text(string name) => test.GetProperty(name).GetString();
        string[] keys = test.GetProperty("public_keys").EnumerateArray().Select(key => key.GetString()!).ToArray();
        try
        {
            Verifier.Verify(Text("kind")!, Text("text")!, keys, Text("license_key"), Text("fingerprint"),
                Text("product")!, Verifier.Instant(Text("now")!));
        }
        catch (Exception error) // Whatever it is, it means "no".
        {
            return "refused: " + error.Message;
        }
        return "accepted";
    }
}
