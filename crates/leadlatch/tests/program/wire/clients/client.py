"""requests and ElementTree: reads the root's own children, paths below it, and anything anywhere."""

import datetime
import sys
import xml.etree.ElementTree as ElementTree

import requests

BASE, KEY = sys.argv[1:]
LEADS = f"{BASE}/api/APILeadCreateUpdate.php"


def post(url, body, kind="application/xml"):
    answer = requests.post(url, data=body, headers={"Content-Type": kind} if kind else {}, timeout=30)
    return answer, ElementTree.fromstring(answer.content)


def expect(holds, answer):
    if not holds:
        sys.exit(f"client.py: HTTP {answer.status_code}: {answer.text}")


# A document built by ElementTree, in Latin-1 and without a type.
data = ElementTree.Element("data")
lead = ElementTree.SubElement(data, "lead")
for name, text in {
    "key": KEY,
    "leadgroup": "40001",
    "introducer": "7702",
    "firstname": "José",
    "email": "python@example.com",
    "contactphone": "Yes",
    "data1": "a & b\nc",
}.items():
    ElementTree.SubElement(lead, name).text = text
answer, result = post(LEADS, ElementTree.tostring(data, encoding="iso-8859-1"), kind=None)
expect(answer.status_code == 200 and answer.headers["Content-Type"] == "text/xml; charset=utf-8", answer)
expect(result.tag == "result" and result.find("status").text == "0", answer)
# One client reads code and id directly under the root, another below item, a third wherever it finds them.
expect(result.find("code").text == "0" and result.findtext("item/code") == "0", answer)
expect([child.tag for child in result][:4] == ["status", "code", "message", "id"], answer)
identity = result.findtext("id")
expect(identity == result.findtext("item/id") == next(result.iter("id")).text, answer)

# One that shows result/message when it failed.
answer, result = post(LEADS, f"<data><lead><key>{KEY}</key><type>Boat</type><email>python@example.com</email></lead></data>")
expect(answer.status_code == 200 and result.find("status").text == "1", answer)
expect("Boat" in result.find("message").text and result.find("id").text is None, answer)

answer, result = post(LEADS, f"<data><lead><key>{KEY}</key><Id>{identity}</Id><lastname>Núñez</lastname></lead></data>".encode())
expect(result.findtext("message") == "OK" and result.findtext("id") == identity, answer)

today = datetime.date.today()
span = [(today + datetime.timedelta(days=days)).strftime("%d/%m/%Y") for days in (-1, 1)]
found = {}
page = 1
while True:
    body = (
        f"<data><key>{KEY}</key><request>search</request><startdate>{span[0]}</startdate><enddate>{span[1]}</enddate>"
        f"<page>{page}</page><perpage>10</perpage></data>"
    )
    answer, result = post(f"{BASE}/api/APILead.php", body, kind="text/xml;charset=UTF-8")
    expect(result.findtext("status") == "0" and result.findtext("page") == str(page), answer)
    records = result.findall("records/record")
    found.update({record.find("id").text: record.find("email").text for record in records})
    if not records:
        break
    page += 1
expect(found[identity] == "python@example.com" and len(found) == int(result.findtext("total")), answer)

answer, result = post(f"{BASE}/api/APILead.php", f"<data><key>{KEY}</key><request>read</request><id>{identity}</id></data>")
read = [result.findtext(name) for name in ("firstname", "lastname", "contactphone", "data1", "introducer", "dropbox")]
expect(read == ["José", "Núñez", "Yes", "a & b\nc", "7702", ""], answer)

answer, result = post(f"{BASE}/api/APILead.php", f"<data><request>read</request><id>{identity}</id></data>")
expect(answer.status_code == 401 and result.findtext("status") == "1" and result.findtext("code") == "401", answer)

# A form by POST and by GET, each led on to where it wants.
form = {"intLeadGroupID": "40001", "strLeadEmail": "form@example.com", "strLeadFirstName": "Zoë", "strAPISuccessURL": "https://www.example.com/thanks"}
for answer in (
    requests.post(f"{BASE}/api/APIHTTPPost.php", data=form, allow_redirects=False, timeout=30),
    requests.get(f"{BASE}/api/APIHTTPPost.php", params=form, allow_redirects=False, timeout=30),
):
    expect(answer.status_code == 302 and answer.headers["Location"] == "https://www.example.com/thanks", answer)

print("ok")
