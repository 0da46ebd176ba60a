// Presses the button of a page that shows how far a deletion is. Without scripts, the administrator presses it.
document.getElementById("continue").submit();
