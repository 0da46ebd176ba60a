/** The export of a user's data, and the end of the account. */
import { all, find } from "../dom.js";
import { onPress, tell } from "../forms.js";
import { go } from "../page.js";
import { latchkey, leave } from "../session.js";
import { recently } from "./again.js";

const KEPT_FOR = 60_000; // milliseconds: some browsers read the file after the click

export function prepareData() {
  const sure = find<HTMLDialogElement>("#sure");
  const erase = find<HTMLButtonElement>("#delete");
  onPress(find("#export"), async () => {
    const { data } = await recently(() => latchkey.api.GET("/api/users/me/export"));
    download(JSON.stringify(data, null, 2));
    tell(erase, "downloaded");
  });
  onPress(erase, async () => {
    if (!(await agrees(sure))) return;
    await recently(() => latchkey.api.DELETE("/api/users/me"));
    await leave();
    await go("/login", "account_deleted");
  });
}

/** Whether the user presses the button of this dialog that says yes. */
function agrees(dialog: HTMLDialogElement): Promise<boolean> {
  dialog.returnValue = "";
  for (const button of all<HTMLButtonElement>("[data-yes], [data-cancel]", dialog)) {
    button.onclick = () => dialog.close("yes" in button.dataset ? "yes" : "");
  }
  dialog.showModal();
  return new Promise((resolve) => (dialog.onclose = () => resolve(dialog.returnValue === "yes")));
}

function download(text: string) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type: "application/json" }));
  link.download = "account.json";
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), KEPT_FOR);
}
