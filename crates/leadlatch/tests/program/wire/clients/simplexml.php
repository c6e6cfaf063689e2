<?php
// curl and SimpleXML: reads result/status and result/item, once as an object and once as a list.
[, $base, $key] = $argv;

function send(string $url, string $xml, array $headers = ['Content-Type: text/xml']): array
{
    $curl = curl_init($url);
    curl_setopt_array($curl, [
        CURLOPT_POST => true,
        CURLOPT_POSTFIELDS => $xml,
        CURLOPT_HTTPHEADER => $headers,
        CURLOPT_RETURNTRANSFER => true,
    ]);
    $body = curl_exec($curl);
    return [curl_getinfo($curl, CURLINFO_HTTP_CODE), $body];
}

function expect(bool $holds, string $what): void
{
    if (!$holds) {
        fwrite(STDERR, "simplexml.php: $what\n");
        exit(1);
    }
}

$leads = "$base/api/APILeadCreateUpdate.php";

// Latin-1 bytes, a bare ampersand, and curl's own type for a string that is posted.
$xml = "<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?>\n<data><lead><key>$key</key><leadgroup>40001</leadgroup>"
    . "<firstname>Ren\xe9</firstname><company>Marks & Spencer</company><email>simple@example.com</email></lead></data>";
[$code, $body] = send($leads, $xml, []);
expect($code === 200, "HTTP $code: $body");
$result = simplexml_load_string($body);
expect((string) $result->status === '0', $body);
expect((string) $result->item->message === 'OK', $body);
expect((int) $result->item[0]->record === 1 && (int) $result->item[0]->code === 0, $body);
$id = (string) $result->item[0]->id;
expect(ctype_digit($id), $body);

// Several leads, of which one fails.
$xml = "<data><lead><key>$key</key><email>simple2@example.com</email></lead><lead><email>nobody</email></lead></data>";
[$code, $body] = send($leads, $xml);
$result = simplexml_load_string($body);
expect($code === 200 && (string) $result->status === '1', $body);
$codes = [];
foreach ($result->item as $item) {
    $codes[(int) $item->record] = (int) $item->code;
}
expect($codes === [1 => 0, 2 => 422], $body);
expect(str_contains((string) $result->item[1]->message, 'email'), $body);

// An update, as JSON of the whole.
$xml = "<data><lead><key>$key</key><request>update</request><id>$id</id><towncity>Leeds</towncity></lead></data>";
[, $body] = send($leads, $xml);
$array = json_decode(json_encode(simplexml_load_string($body)), true);
expect($array['status'] === '0' && $array['item']['id'] === $id, $body);

// A search by day, in pages; then one lead, its fields directly under the root.
$today = (new DateTime('now', new DateTimeZone('Europe/London')))->format('d/m/Y');
$xml = "<data><key>$key</key><request>search</request><startdate>$today</startdate><enddate>$today</enddate>"
    . '<page>1</page><perpage>100</perpage></data>';
[, $body] = send("$base/api/APILead.php", $xml);
$found = simplexml_load_string($body);
$emails = [];
foreach ($found->records->record as $record) {
    $emails[(string) $record->id] = (string) $record->email;
}
expect($emails[$id] === 'simple@example.com', $body);
[, $body] = send("$base/api/APILead.php", "<data><key>$key</key><request>read</request><id>$id</id></data>");
$lead = simplexml_load_string($body);
expect((string) $lead->firstname === "Ren\u{e9}" && (string) $lead->towncity === 'Leeds', $body);
expect((string) $lead->company === 'Marks & Spencer' && (string) $lead->dropbox === '', $body);
expect((string) $lead->status === 'New', $body);

// Nothing is found, and the loop goes over nothing.
$xml = "<data><key>$key</key><request>search</request><email>none@example.com</email></data>";
[, $body] = send("$base/api/APILead.php", $xml);
foreach (simplexml_load_string($body)->records->record as $record) {
    expect(false, $body);
}

// A key that is none: the same shape at 401.
[$code, $body] = send($leads, '<data><lead><key>wrong</key><email>a@example.com</email></lead></data>');
$result = simplexml_load_string($body);
expect($code === 401 && (string) $result->status === '1' && (string) $result->item->code === '401', $body);

echo "ok\n";
