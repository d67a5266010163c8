"""What annotators read beside their texts in a project without guidelines of its own."""

GUIDELINES = (
    "Choose the label that fits each text best.\n\n"
    "- **A number** answers with that label, and the next text comes. No reaction? Click beside the labels.\n"
    "- **Enter** agrees with the suggestion, if one is marked: beside it stands how sure the model is, "
    "from 0 to 1. Its own number takes it back.\n"
    "- **Backspace** discards a text that no label fits: the model does not learn from it.\n"
    "- **Changed your mind?** Choose *Submitted* at the top in place of *Pending*, and answer again.\n"
    "- **All answered?** Whatever the page says then, the next batch comes as soon as it is picked. "
    "Should it not appear by itself in a minute, go to *Home* and open the data set again.\n"
    "- **Why this text?** Choose ⋮ and *View metadata*: its batch, its rank there, the reason, "
    "and the model that picked it.\n"
)
