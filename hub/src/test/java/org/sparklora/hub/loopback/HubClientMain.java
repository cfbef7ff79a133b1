package org.sparklora.hub.loopback;

import java.nio.file.Path;
import org.sparklora.hub.HubClient;
import org.sparklora.hub.HubConfig;
import org.sparklora.hub.HubException;
import org.sparklora.hub.HubRepo;
import org.sparklora.hub.HubUpload;
import org.sparklora.hub.TransferListener;

/**
 * Our client as a command, for {@code ci/hub_check.py}: {@code download model|dataset ID REVISION}
 * prints the snapshot's folder, {@code push model|dataset ID FOLDER MESSAGE [BRANCH]} the commit.
 */
public final class HubClientMain {
  private HubClientMain() {}

  public static void main(String[] arguments) {
    HubRepo repo =
        new HubRepo(
            arguments[1].equals("model") ? HubRepo.Type.MODEL : HubRepo.Type.DATASET, arguments[2]);
    HubClient client = new HubClient(HubConfig.ofEnvironment());
    try {
      System.out.println(
          arguments[0].equals("push")
              ? push(client, repo, arguments)
              : client.snapshot(
                  repo, client.commit(repo, arguments[3]), file -> true, TransferListener.SILENT));
    } catch (HubException e) {
      System.err.println(e.getMessage());
      System.exit(1);
    }
  }

  private static String push(HubClient client, HubRepo repo, String[] arguments) {
    HubUpload upload = new HubUpload(client, TransferListener.SILENT);
    String branch = arguments.length > 5 ? arguments[5] : "main";
    upload.createBranch(repo, branch);
    return upload.push(repo, branch, Path.of(arguments[3]), name -> true, arguments[4]);
  }
}
