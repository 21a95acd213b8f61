// Runs Verify.cs on a file of test vectors. Put this file beside Verify.cs, then
//
//   dotnet run -- vectors.json
#nullable enable
using System;
using System.IO;
using System.Linq;
using System.Text.Json.Nodes;

public static class RunVectors
{
    public static int Main(string[] args)
    {
        JsonNode[] cases = JsonNode.Parse(File.ReadAllBytes(args[0]))!["cases"]!.AsArray().Select(test => test!).ToArray();
        int wrong = 0;
        foreach (JsonNode test in cases)
        {
            string found = Outcome(test);
            bool isValid = (bool)test["valid"]!, isAccepted = found == "accepted";
            // A case that is invalid only in form may be accepted or rejected.
            if (isAccepted == isValid || (bool)test["form_only"]!) continue;
            wrong++;
            Console.WriteLine($"{test["kind"]}, {test["name"]}: should be {(isValid ? "accepted" : "rejected")}, is {found}");
        }
        Console.WriteLine($"{cases.Length} cases, {wrong} wrong");
        return wrong > 0 || cases.Length == 0 ? 1 : 0;
    }

    private static string Outcome(JsonNode test)
    {
        string? Text(string name) => (string?)test[name];
        string[] keys = test["public_keys"]!.AsArray().Select(key => (string)key!).ToArray();
        try
        {
            Verifier.Verify(Text("kind")!, Text("text")!, keys, Text("license_key"), Text("fingerprint"),
                Text("product")!, Verifier.Instant(test["now"]!));
        }
        catch (Exception error) // Any exception means no.
        {
            return "rejected: " + error.Message;
        }
        return "accepted";
    }
}
